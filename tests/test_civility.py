"""Is every text civil before it stands? The examples of replies/voice.md are the test data; nothing is sent here."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.evidence.pack import starter_pack
from bot.model import Citation, Evidence
from replies.civility import BLOCK, RULES, Finding, blocks, check
from replies.compose import OfficeVoice

VOICE = Path(__file__).parent.parent / "replies" / "voice.md"
OFFICE = OfficeVoice(name="MedEd Desk", method_url="https://meded.example/how")
STARTER = {entry.id: entry for entry in starter_pack()}
ABOUT_THE_WHOLE = {"no-source", "no-disclosure", "no-exit"}  # a fragment cannot hold everything
MMR = STARTER["mmr-vaccine-autism"]
CIVIL = (
    "Autism is no more common after MMR. https://doi.org/10.7326/M18-2101\n"
    "🤖 Draft checked by a person. Reply STOP to opt out."
)


@dataclass(frozen=True, kw_only=True)
class Example:
    """One line of voice.md, in the light of its section."""

    text: str
    sort: str
    note: str
    entry: str
    lang: str


def examples() -> list[Example]:
    found, entry, lang = [], "", "en"
    for line in VOICE.read_text("utf-8").splitlines():
        if line.startswith("## "):
            entry, lang = "", "en"
        elif line.startswith("entry: "):
            entry = line.removeprefix("entry: ")
        elif line.startswith("lang: "):
            lang = line.removeprefix("lang: ")
        elif entry and (item := re.fullmatch(r"- (good|bad|fine)(?: \(([\w-]+)\))?: (.+)", line)):
            found.append(Example(text=item[3], sort=item[1], note=item[2] or "", entry=entry, lang=lang))
        else:
            assert not (entry and line.startswith("- ")), f"voice.md: cannot read {line!r}"
    return found


def judge(example: Example) -> tuple[Finding, ...]:
    kind = example.note if example.sort == "good" and example.note else "reply"
    return check(example.text, STARTER[example.entry], office=OFFICE, kind=kind, lang=example.lang)


EXAMPLES = examples()


def of(sort: str) -> list[object]:
    return [pytest.param(e, id=f"{e.note or sort}:{e.text[:60]}") for e in EXAMPLES if e.sort == sort]


def rules(text: str, evidence: Evidence | None = MMR, **said: str) -> set[str]:
    return {finding.rule for finding in check(text, evidence, office=OFFICE, **said)}


@pytest.mark.parametrize("example", of("good"))
def test_every_good_example_of_the_voice_passes(example: Example):
    assert judge(example) == ()


@pytest.mark.parametrize("example", of("bad"))
def test_every_bad_example_is_caught_by_the_rule_it_names(example: Example):
    assert example.note in {finding.rule for finding in judge(example)}


@pytest.mark.parametrize("example", of("fine"))
def test_no_rule_objects_to_what_is_fine(example: Example):
    assert {finding.rule for finding in judge(example)} <= ABOUT_THE_WHOLE


def test_the_voice_has_examples_for_every_rule():
    caught = {e.note for e in EXAMPLES if e.sort == "bad"}
    tested_below = {"empty", "invisible", "hard-to-read"}
    written = set(re.findall(r'(?:at|missing|in_words)\(\s*"([\w-]+)"', _sources()))
    assert written - caught - tested_below == set()
    assert len(of("good")) >= 30
    assert len(of("bad")) >= 40


def _sources() -> str:
    return "".join((VOICE.parent / name).read_text("utf-8") for name in ("tone.py", "form.py"))


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.sort == "bad"], ids=lambda e: e.text[:50])
def test_a_finding_points_at_the_words_it_means(example: Example):
    for finding in judge(example):
        assert 0 <= finding.start <= finding.end <= len(example.text)
        assert finding.message
        assert finding.suggestion


def test_a_finding_in_an_edited_text_shows_where():
    text = CIVIL.replace("Autism is", "Nonsense. Autism is")
    (finding,) = check(text, MMR)
    assert (finding.rule, text[finding.start : finding.end], finding.severity) == ("mockery", "Nonsense", BLOCK)


def test_the_entrys_own_sentences_may_use_words_that_we_may_not():
    own = STARTER["penicillin-cephalosporin-10-percent"]
    reply = f"{own.correction_short}\n{own.citations[0].url}\n🤖 Human-checked draft. Opt out: reply STOP."
    assert "proven" in reply
    assert check(reply, own) == ()


def test_a_source_that_was_flagged_since_is_not_linked_any_more():
    flagged = replace(MMR, citations=(replace(MMR.citations[0], flagged="retracted 2027"), *MMR.citations[1:]))
    found = {f.rule: f.message for f in check(CIVIL, flagged)}
    assert "retracted 2027" in found["unverified-link"]
    assert "no-source" in found


def test_a_source_that_nobody_verified_is_not_linked():
    unverified = replace(MMR, citations=tuple(replace(c, verified=False) for c in MMR.citations))
    assert "unverified-link" in rules(CIVIL, unverified)


@pytest.mark.parametrize(
    "url",
    [
        "https://doi.org/10.7326/M18-2101",
        "https://doi.org/10.7326/m18-2101",
        "https://DOI.org/10.7326/M18-2101",
        "https://dx.doi.org/10.7326/M18-2101",
        "https://doi.org/10.7326%2FM18-2101",
        "https://doi.org/10.7326/M18-2101.",
    ],
)
def test_a_source_is_known_in_any_spelling(url: str):
    assert rules(CIVIL.replace("https://doi.org/10.7326/M18-2101", url)) == set()


@pytest.mark.parametrize(
    "url",
    [
        "https://doi.org@evil.example/10.7326/M18-2101",
        "https://evil.example/https://doi.org/10.7326/M18-2101",
        "https://doi.org.evil.example/10.7326/M18-2101",
        "https://doi.org/10.7326/M18-2101/../../x",
        "https://meded.example.evil.example/how",
        "https://meded.example/howdy",
        "https://[",
        "HTTP://doi.org/10.7326/M18-2101",
    ],
)
def test_an_address_that_only_looks_like_a_source_is_refused(url: str):
    assert "unverified-link" in rules(CIVIL + " " + url)


def test_a_page_below_our_own_is_ours():
    assert rules(CIVIL + " https://meded.example/how/corrections") == set()


def test_a_note_needs_no_way_out_for_it_addresses_nobody():
    text = CIVIL.replace(" Reply STOP to opt out.", "")
    assert rules(text, kind="note") == set()
    assert rules(text, kind="reply") == {"no-exit"}


def test_one_mention_is_allowed_and_a_mail_address_is_none():
    assert rules("@ada@example.social " + CIVIL) == set()
    assert "mention" not in rules("@ada " + CIVIL + " Write to desk@meded.example")


@pytest.mark.parametrize("hidden", ["\u200b", "\u202e", "\u2066", "\x00", "\x07", "\ud800", "\ufeff", "\u00ad"])
def test_what_nobody_can_see_is_refused(hidden: str):
    assert "invisible" in rules(CIVIL.replace("common", f"com{hidden}mon"))


def test_an_empty_text_says_so():
    assert "empty" in rules("  \n ")


def test_a_text_nobody_can_read_is_looked_at_twice():
    text = (
        "Epidemiological investigations demonstrate negligible heterogeneity regarding neurodevelopmental "
        "diagnostic incidence following immunisation administration notwithstanding familial predisposition, "
        "socioeconomic determinants and perinatal complications considered simultaneously. "
    )
    findings = check(text + CIVIL, MMR)
    assert [f.rule for f in findings] == ["hard-to-read"]
    assert blocks(findings) == ()


def test_an_unknown_language_is_still_held_to_the_rules_without_words():
    text = "MMR geeft geen autisme!!! #vaccin https://x.example/a"
    assert rules(text, lang="nl") >= {"exclaiming", "hashtag", "unverified-link", "no-exit", "no-disclosure"}


def test_without_evidence_any_secure_link_passes_for_a_source():
    assert rules(CIVIL, evidence=None) == set()
    assert "unverified-link" in rules(CIVIL.replace("https", "http"), evidence=None)


@pytest.mark.parametrize("text", ["{{7*7}}", "{% for x in y %}", "${jndi}", "<script>alert(1)</script>", "a" * 100_000])
def test_hostile_text_is_only_looked_at(text: str):
    assert isinstance(check(text, MMR), tuple)


def test_the_rules_can_be_read_as_a_list():
    assert len(RULES) == len(set(RULES)) >= 18


def test_a_citation_without_an_address_excuses_no_link():
    bare = replace(MMR, citations=(Citation(key="x", title="t", verified=True),))
    assert "unverified-link" in rules(CIVIL, bare)
