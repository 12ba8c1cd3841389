"""The page Templates: reading, previewing and saving words, putting them in force, and what it refuses to do."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from bot import house_rules, own_words
from bot.app import build
from bot.own_words import Name
from bot.people import Role
from bot.settings import load
from bot.store.models import CaseRow
from bot.store.office_models import AuditRow, ReplyTemplateRow
from bot.trial import WORDING
from replies.shelf import languages, shelf
from tests.builders import NOW
from tests.web_client import sign_in, token
from tests.web_world import HOSTILE, WebWorld, a_world, fill

EXIT = "/templates/en/short_exit"
KIND = "Reply STOP, and we leave you alone."


@pytest.fixture
def office(tmp_path: Path) -> Iterator[WebWorld]:
    office = fill(a_world(tmp_path, demo=False))
    with office.store.write() as session:
        house_rules.rule(session, "relaxed", by="Grace Hopper", why="a test", now=office.clock.now())
    yield office
    office.store.close()


@pytest.fixture
def grace(office: WebWorld) -> TestClient:
    return sign_in(office)


@pytest.fixture
def ada(office: WebWorld) -> TestClient:
    return sign_in(office, "Ada Lovelace", Role.EVIDENCE_CURATOR)


def shown(client: TestClient, path: str = EXIT) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


def plain(page: str) -> str:
    """What a person reads of it."""
    return " ".join(re.sub(r"<[^>]*>", "", page).split())


def send(client: TestClient, path: str = EXIT, **fields: str) -> tuple[int, str]:
    answer = client.post(path, data={"csrf": token(client.get(path).text)} | fields)
    return answer.status_code, html.unescape(answer.text)


def save(client: TestClient, text: str = KIND, path: str = EXIT, note: str = "") -> None:
    status, page = send(client, path, act="save", text=text, note=note)
    assert status == 303, plain(page)


def force(client: TestClient, version: int, seen: int = 0, path: str = EXIT) -> tuple[int, str]:
    answer = client.post(f"{path}/force", data={"csrf": token(client.get(path).text), "version": version, "seen": seen})
    return answer.status_code, html.unescape(answer.text)


def rows(office: WebWorld) -> list[ReplyTemplateRow]:
    with office.store.read() as session:
        return list(session.scalars(select(ReplyTemplateRow).order_by(ReplyTemplateRow.id)))


def test_the_page_lists_every_phrase_and_layout_of_every_language(grace: TestClient) -> None:
    assert plain(shown(grace, "/templates")) == plain(shown(grace, "/templates/en"))
    assert 'href="/templates"' in shown(grace, "/evidence")
    for lang in languages():
        page = shown(grace, f"/templates/{lang}")
        words = shelf(lang)
        for name in (*words.phrases, *(rung.name for rung in words.rungs)):
            assert f'href="/templates/{lang}/{name.replace(" ", "%20")}"' in page
        assert ("written in English" in page) == (lang != "en")
    assert "Reply STOP to opt out." in shown(grace, "/templates/en")


@pytest.mark.parametrize("name", [*shelf("en").phrases, *(rung.name for rung in shelf("en").rungs)])
def test_every_piece_has_a_page_with_its_words_in_a_box(grace: TestClient, name: str) -> None:
    page = shown(grace, f"/templates/en/{name}")
    assert 'name="act" value="preview"' in page
    assert 'name="act" value="save"' in page
    assert page.count("{{ office }}") + page.count("{{ fact }}") > 0


@pytest.mark.parametrize("path", ["/templates/xx", "/templates/en/nothing", f"{EXIT}?version=7", "/templates/../en"])
def test_what_is_not_there_is_not_found(grace: TestClient, path: str) -> None:
    assert grace.get(path).status_code == 404
    assert grace.post("/templates/en/nothing", data={"csrf": token(grace.get(EXIT).text)}).status_code == 404


def test_a_preview_shows_real_replies_and_saves_nothing(office: WebWorld, grace: TestClient) -> None:
    status, page = send(grace, act="preview", text=KIND, note="kinder")

    assert status == 200
    assert page.count('<figure class="preview') >= 8
    assert re.search(r'<div class="words boxed"[^>]*>[^<]*(?:<a [^>]*>[^<]*</a>[^<]*)*' + re.escape(KIND), page)
    for wanted in ("longest finding", "shortest finding", "handled with care", "least certain", "of 300 graphemes"):
        assert wanted in page
    assert f">\n{KIND}</textarea>" in page
    assert 'value="kinder"' in page
    assert "nothing speaks against it" in page
    assert rows(office) == []


def test_what_was_typed_stays_in_the_box_beside_what_is_wrong_with_it(office: WebWorld, grace: TestClient) -> None:
    text = "Reply STOP to opt out.\nReply STOP to {{ ofice }}.\n{{ ''.__class__ }} STOP"
    for act, wanted in (("preview", 200), ("save", 422)):
        status, page = send(grace, act=act, text=text)
        assert status == wanted
        assert f">\n{text}</textarea>" in page
        assert "Line 2: Unknown placeholder {{ ofice }}. Write {{ office }}." in plain(page)
        assert "Line 3: Looking inside a value is not possible here." in plain(page)
        assert ("This was not saved." in page) == (act == "save")
        assert '<figure class="preview' not in page
    assert rows(office) == []


@pytest.mark.parametrize(
    ("path", "text", "complaint"),
    [
        (EXIT, "", "These words cannot be left out."),
        (EXIT, "Write to us to opt out.", "Say that STOP ends it"),
        ("/templates/en/disclosure", "Checked by {{ office }}.", "Say that software drafted it"),
        ("/templates/en/10-full", "{{ fact }} {{ url }} {{ disclosure }}", "could lack the way out"),
        ("/templates/en/thanks", "You are wrong, idiot.", "'idiot' mocks, insults or labels."),
        ("/templates/en/thanks", "x" * 250_000, "250000 characters are too many."),
    ],
)
def test_words_that_would_not_do_are_refused_and_kept_in_the_box(
    office: WebWorld, grace: TestClient, path: str, text: str, complaint: str
) -> None:
    status, page = send(grace, path, act="save", text=text)

    assert status == 422
    assert complaint in plain(page)
    assert f">\n{text}</textarea>" in page
    assert rows(office) == []


def test_hostile_words_are_only_ever_shown_as_text(grace: TestClient) -> None:
    answer = grace.post("/templates/en/thanks", data={"csrf": token(grace.get(EXIT).text), "text": HOSTILE})
    assert "<script>alert(1)" not in answer.text
    assert "49" not in re.findall(r"[^\d](49)[^\d]", answer.text)
    assert "</textarea><form" not in answer.text


def test_words_may_be_left_out_where_nobody_misses_them(grace: TestClient) -> None:
    save(grace, "", "/templates/en/thanks")
    assert "Version 1 is saved" in shown(grace, "/templates/en/thanks?version=1&saved=1")


def test_a_second_person_puts_it_in_force_and_new_drafts_say_it(
    office: WebWorld, grace: TestClient, ada: TestClient
) -> None:
    for name in ("short_exit", "tight_exit", "exit"):
        save(ada, KIND, f"/templates/en/{name}", note="kinder")
    page = shown(ada)
    assert "a second person does" in page
    assert "You wrote this version; somebody else puts it in force." in page
    assert f'action="{EXIT}/force"' not in page
    status, page = force(ada, 1)
    assert (status, "somebody else puts it in force" in page) == (422, True)
    assert f'action="{EXIT}/force"' in shown(grace)
    for name in ("short_exit", "tight_exit", "exit"):
        assert force(grace, 1, path=f"/templates/en/{name}")[0] == 303

    page = shown(grace, "/templates/en")
    assert "ours, version 1 by Ada Lovelace" in plain(page)
    assert "Put in force by Grace Hopper" in plain(shown(grace))
    case = office.propose(office.says("new", "@check so MMR does it, yes?"), "mmr-vaccine-autism")
    with office.store.read() as session:
        assert KIND in session.get_one(CaseRow, case).draft


def test_the_versions_stand_with_who_when_why_and_what_changed(grace: TestClient, ada: TestClient) -> None:
    save(ada, "Reply STOP to be left alone.", note="shorter")
    save(grace, "Reply STOP to be left in peace.")
    page = shown(grace)

    assert "Version 2 by Grace Hopper" in plain(page)
    assert "Version 1 by Ada Lovelace" in plain(page)
    assert "shorter" in page
    assert re.search(r"<del>alone\.</del>\s*<ins>in peace\.</ins>", page)
    assert re.search(r"<del>opt out\.</del>\s*<ins>be left alone\.</ins>", page)
    assert "version 2 waits" in shown(grace, "/templates/en")
    old = shown(grace, f"{EXIT}?version=1")
    assert ">\nReply STOP to be left alone.</textarea>" in old
    assert '<figure class="preview' in old  # whoever puts it in force sees how it reads


def test_back_to_the_shipped_words_takes_one_person(office: WebWorld, grace: TestClient, ada: TestClient) -> None:
    save(ada)
    force(grace, 1)
    data = {"csrf": token(ada.get(EXIT).text), "seen": "1"}
    assert ada.post(f"{EXIT}/shipped", data=data).status_code == 303
    assert [row.state for row in rows(office)] == ["retired"]
    assert "said before" in shown(ada)
    assert ada.post(f"{EXIT}/shipped", data=data).status_code == 422
    with office.store.read() as session:
        lines = list(session.scalars(select(AuditRow).where(AuditRow.what.like("reply words%"))))
    assert [(line.who, line.what.removeprefix("reply words ")) for line in lines] == [
        ("Ada Lovelace", "written"),
        ("Grace Hopper", "put in force"),
        ("Ada Lovelace", "as shipped"),
    ]


def test_who_decides_on_what_is_not_so_any_more_is_told(office: WebWorld, grace: TestClient, ada: TestClient) -> None:
    save(ada)
    save(ada, "Reply STOP to be left alone.")
    force(grace, 1)
    status, page = force(grace, 2, seen=0)
    assert (status, "somebody else changed what is in force meanwhile" in page.casefold()) == (422, True)
    assert [row.state for row in rows(office)] == ["in_force", "draft"]
    assert force(grace, 9, seen=1)[0] == 422


def test_words_are_tried_again_before_they_are_put_in_force(office: WebWorld, grace: TestClient) -> None:
    what = Name(lang="en", name="thanks", shipped="x")
    with office.store.write() as session:  # as if the rules had been laxer when it was saved
        own_words.write(session, what, "You are an idiot.", "", hand=own_words.Hand(name="Ed", id=77), now=NOW)
    status, page = force(grace, 1, path="/templates/en/thanks")

    assert status == 422
    assert "This version was not put in force." in page
    assert rows(office)[0].state == "draft"


def test_alone_or_in_practice_the_page_says_that_one_person_is_enough(tmp_path: Path, office: WebWorld) -> None:
    alone = sign_in(office)
    save(alone)
    assert "Only one person works here" in shown(alone)
    assert force(alone, 1)[0] == 303

    practice = a_world(tmp_path / "practice", demo=True)
    one = sign_in(practice)
    sign_in(practice, "Ada Lovelace", Role.EVIDENCE_CURATOR)
    save(one)
    assert "In a practice office" in shown(one)
    assert force(one, 1)[0] == 303
    practice.store.close()


def test_broken_words_in_force_are_told_on_the_page(office: WebWorld, grace: TestClient) -> None:
    with office.store.write() as session:
        session.add(
            ReplyTemplateRow(
                lang="en", name="short_exit", version=1, text="{{ a.b }}", state="in_force", by="x", by_id=1, at=NOW
            )
        )  # fmt: skip
    for path in ("/templates/en", EXIT):
        assert "our words cannot be used, so the shipped ones are said." in plain(shown(grace, path)).casefold()
    assert "cannot be used" not in shown(grace, "/templates/de")
    office.unheard.append((WORDING, "en, short_exit: line 1: looking inside a value"))
    assert "Our own words cannot be used, so the shipped ones are said: en, short_exit" in plain(
        shown(grace, "/sources")
    )


def test_nothing_is_changed_without_the_token_or_by_a_stranger(office: WebWorld, grace: TestClient) -> None:
    for path in (EXIT, f"{EXIT}/force", f"{EXIT}/shipped"):
        assert grace.post(path, data={"act": "save", "text": KIND, "version": 1, "seen": 0}).status_code == 403
    stranger = TestClient(office.app, follow_redirects=False)
    assert stranger.get(EXIT).status_code == 401
    answer = stranger.post(EXIT, data={"act": "save", "text": KIND})
    assert answer.status_code == 401
    assert KIND in html.unescape(answer.text)  # what was typed is not lost
    assert rows(office) == []


def test_a_running_office_tells_broken_words_among_its_troubles(tmp_path: Path) -> None:
    settings = load(tmp_path / "none.toml", optional=True, data_dir=tmp_path, port=0, jetstream_url="")
    running = build(settings, lines=[])
    with running.store.write() as session:
        session.add(
            ReplyTemplateRow(
                lang="en", name="short_exit", version=1, text="{{ a.b }}", state="in_force", by="x", by_id=1, at=NOW
            )
        )  # fmt: skip
    assert [name for name, why in running.web.state.hands.sources() if "short_exit" in why] == [WORDING]
    running.store.close()
