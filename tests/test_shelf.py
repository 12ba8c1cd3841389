"""Are the words on the shelf sound, and which limits are said aloud? Template files, phrases, languages, sentences."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import regex

from bot.model import Certainty, Evidence, Sensitivity, Verdict
from replies.civility import check
from replies.compose import Kind, compose
from replies.limits import aloud, weightiest
from replies.sentences import split
from replies.shelf import SHIPPED, BadTemplate, languages, shelf
from tests.test_compose import ENTRIES, KINDS, OFFICE, an_entry, anything, graphemes, said

LIMIT_WORDS = shelf("en").limit_words


@pytest.mark.parametrize(
    ("limits", "heard"),
    [
        ("Does NOT apply to people with a stent.", ("This does not apply to people with a stent.",)),
        ("Not for suspected pneumonia.", ("This does not apply to suspected pneumonia.",)),
        ("About COVID-19 only.", ("This is about COVID-19 only.",)),
        ("New chest pain needs urgent care.", ("New chest pain needs urgent care.",)),
        ("Never reply to bereaved parents.", ()),
        ("NEVER reply to people describing their own cancer.", ()),
        ("Not for replies to people describing pregnancy loss.", ()),
        ("Newer reviews should be added at next review.", ()),
        ("Human expert review before any reply.", ()),
        ("Adult ICU.", ()),
        ("Not personal advice.", ()),
        ("", ()),
    ],
)
def test_limits_are_said_aloud_unless_they_are_notes_to_editors(limits: str, heard: tuple[str, ...]):
    assert aloud(limits, LIMIT_WORDS) == heard


@ENTRIES
def test_no_note_to_editors_reaches_a_reply(entry: Evidence):
    for sentence in aloud(entry.limits, LIMIT_WORDS):
        assert not regex.search(r"\brepl(?:y|ies)\b|\bre-check|\breview(?:er)?\b(?<!medical review)", sentence)


def test_where_one_limit_fits_the_urgent_one_is_kept():
    limits = ("This does not apply to a heart attack.", "New chest pain needs urgent care.")
    assert weightiest(limits, LIMIT_WORDS) == limits[1]
    assert weightiest(limits[:1], LIMIT_WORDS) == limits[0]
    assert weightiest((), LIMIT_WORDS) == ""


def a_folder(path: Path, **files: str) -> Path:
    """The shipped English phrases, with other files beside or instead of them."""
    home = path / "en"
    home.mkdir()
    (home / "phrases.txt").write_text((SHIPPED / "en" / "phrases.txt").read_text("utf-8"), "utf-8")
    for name, text in files.items():
        (home / f"{name}.txt").write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("rung", "complaint"),
    [
        ("{{ fact }} {{ post_text }}", "en/rung.txt: line 1: unknown placeholder {{ post_text }}"),
        ("{{ fact }} {{ urll }}", "en/rung.txt: line 1: unknown placeholder {{ urll }}"),
        ("{{ fact", "en/rung.txt: line 1"),
        ("{{ fact.__class__.__mro__ }}", "en/rung.txt: "),
        ("{% include 'secret' %}", "en/rung.txt: "),
    ],
)
def test_a_wrong_template_names_file_and_placeholder(tmp_path: Path, rung: str, complaint: str):
    folder = a_folder(tmp_path, rung=rung)
    with pytest.raises(BadTemplate) as caught:
        compose(an_entry(), kind="reply", fits=anything, office=OFFICE, templates=folder)
    assert complaint in str(caught.value)


def test_a_missing_or_unknown_phrase_is_named(tmp_path: Path):
    folder = a_folder(tmp_path, rung="{{ fact }}")
    phrases = folder / "en" / "phrases.txt"
    whole = phrases.read_text("utf-8")
    for wrong, complaint in (
        (whole.replace("debate:", "# debate:"), "no words for 'debate'"),
        (whole + "\nshout: HEY\n", "'shout: HEY'"),
        (whole + "\nthanks: Hi {{ author }}\n", "unknown placeholder {{ author }}"),
    ):
        phrases.write_text(wrong, "utf-8")
        shelf.cache_clear()
        with pytest.raises(BadTemplate) as caught:
            shelf("en", folder)
        assert complaint in str(caught.value)


def test_a_new_template_is_one_file_and_nothing_else(tmp_path: Path):
    folder = a_folder(tmp_path, **{"10-mine": "{{ fact }} Read {{ url }} today."})
    text = said(an_entry(), templates=folder).text
    assert text == f"{an_entry().correction_short} Read https://doi.org/10.1126/x today."


@pytest.mark.parametrize("lang", languages())
@KINDS
def test_every_language_on_the_shelf_has_civil_words_for_every_room(lang: str, kind: Kind):
    entry = an_entry(limits="Gilt nicht für Käse.", verdict=Verdict.NEEDS_CONTEXT, sensitivity=Sensitivity.HIGH_CARE)
    seen = set()
    for room in range(120, 700, 30):
        for grade in Certainty:
            draft = compose(
                replace(entry, certainty=grade),
                kind=kind,
                fits=lambda text, room=room: graphemes(text) <= room,
                office=OFFICE,
                lang=lang,
                variant=room,
            )
            if draft is not None:
                seen.add(draft.template)
                assert draft.lang == lang
                assert check(draft.text, entry, office=OFFICE, kind=kind, lang=lang) == ()
    assert len(seen) >= 5


def test_a_language_without_words_falls_back_to_english():
    assert said(an_entry(), lang="nl").lang == "en"
    assert said(an_entry(), lang="../../etc").lang == "en"


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two.", ["One.", "Two."]),
        ("It was 3.5 mg/L, i.e. Low. Really?", ["It was 3.5 mg/L, i.e. Low.", "Really?"]),
        (
            "Smith et al. Found it.\nhttps://a.example/b.c\nEnd",
            ["Smith et al. Found it.", "https://a.example/b.c", "End"],
        ),
        ("He said “no.” She left!", ["He said “no.”", "She left!"]),
        ("", []),
    ],
)
def test_sentences_are_found_whole(text: str, sentences: list[str]):
    assert split(text) == sentences
