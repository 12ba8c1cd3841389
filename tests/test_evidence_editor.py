"""The pages of the evidence editor: edited without scripts, published by two people, signed by name."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from bot.evidence import registry
from bot.model import Evidence
from bot.people import Role
from bot.store.evidence_models import ProposalRow
from bot.store.office_models import AuditRow
from tests.catalogues import HOSTILE, HVIID, Catalogues, answer, catalogues
from tests.filled_form import sent
from tests.web_client import sign_in, token
from tests.web_world import HOSTILE as HOSTILE_WORDS
from tests.web_world import WebWorld, a_world, fill

MMR = "/evidence/mmr-vaccine-autism"


@pytest.fixture
def there() -> Iterator[Catalogues]:
    with catalogues() as found:
        yield found


@pytest.fixture
def office(tmp_path: Path, there: Catalogues) -> Iterator[WebWorld]:
    office = fill(a_world(tmp_path, lookup=there.lookups))
    yield office
    office.store.close()


@pytest.fixture
def grace(office: WebWorld) -> TestClient:
    return sign_in(office)


@pytest.fixture
def ada(office: WebWorld) -> TestClient:
    return sign_in(office, "Ada Lovelace", Role.EVIDENCE_CURATOR)


def shown(client: TestClient, path: str) -> str:
    found = client.get(path)
    assert found.status_code == 200, f"{path}: {found.status_code}"
    return html.unescape(found.text)


def current(office: WebWorld, entry_id: str = "mmr-vaccine-autism") -> Evidence:
    with office.store.read() as session:
        found = registry.current(session, entry_id)
    assert found is not None
    return found


def proposed(office: WebWorld) -> ProposalRow:
    with office.store.read() as session:
        return session.scalars(select(ProposalRow).order_by(ProposalRow.id.desc()).limit(1)).one()


def decide(client: TestClient, office: WebWorld, act: str, **more: str) -> int:
    row = proposed(office)
    data = {"csrf": token(client.get("/changes").text), "seen": str(row.version)} | more
    return client.post(f"/changes/{row.id}/{act}", data=data).status_code


def test_every_button_keeps_what_was_typed(office: WebWorld, ada: TestClient) -> None:
    page = ada.get(f"{MMR}/edit").text
    typed = {"limits": "Only <b>adults</b> {{7*7}}", "paraphrases": ["the jab did it", "", "  it did  "]}
    for do in (
        "add.paraphrases",
        "add.source-by-hand",
        "drop.c1",
        "look-again",
        "nonsense",
        "take.c0.title",
        "look.c99",
    ):
        answered = ada.post(f"{MMR}/edit", data=sent(page, do, **typed))
        assert answered.status_code == 200, do
        assert "Only &lt;b&gt;adults&lt;/b&gt; {{7*7}}" in answered.text, do
        again = sent(answered.text, "")
        assert again["paraphrases"][:2] == ["the jab did it", "it did"], do
        assert len(again["paraphrases"]) == (3 if do == "add.paraphrases" else 2)
        assert ("c1.title" in again) == (do != "drop.c1")
        assert ("c2.title" in again) == (do == "add.source-by-hand")
    assert current(office).version == 1


def test_what_is_wrong_stands_beside_the_field_and_a_draft_is_kept_all_the_same(
    office: WebWorld, ada: TestClient
) -> None:
    page = ada.get(f"{MMR}/edit").text
    wrong = {"c0__year": "soon", "c0__doi": "not a doi", "claim": "", "review_by": "2027-02-31", "note": "x"}
    refused = ada.post(f"{MMR}/edit", data=sent(page, "propose", **wrong))
    assert refused.status_code == 422
    for words in (
        "Is not a DOI",
        "Is no date of the calendar",
        "Is empty: write something here",
        "Must be a whole number",
    ):
        assert words in refused.text
    assert 'aria-describedby="said-citations-1-doi" aria-invalid="true"' in refused.text
    kept = ada.post(f"{MMR}/edit", data=sent(page, "keep", **wrong))
    assert kept.headers["location"] == f"/changes/{proposed(office).id}"
    assert ada.get(f"{MMR}/edit").headers["location"] == f"/changes/{proposed(office).id}/edit"  # go on with it
    again = ada.get(f"/changes/{proposed(office).id}/edit").text
    assert sent(again, "")["c0.year"] == ["soon"]


def test_lint_warns_beside_the_field_and_its_errors_block(office: WebWorld, ada: TestClient) -> None:
    page = ada.get(f"{MMR}/edit").text
    myth = {"correction_short": "It is a myth that MMR causes autism.", "negations": [""], "note": "x"}
    refused = html.unescape(ada.post(f"{MMR}/edit", data=sent(page, "propose", **myth)).text)
    assert "It has no negation" in refused
    assert "begin with the fact" in refused
    assert "1 thing stands in the way" in refused
    no_note = ada.post(f"{MMR}/edit", data=sent(page, "propose", limits="Adults."))
    assert (no_note.status_code, "say in a few words what was changed" in no_note.text.lower()) == (422, True)


def test_two_people_change_an_entry_and_the_record_names_both(
    office: WebWorld, ada: TestClient, grace: TestClient
) -> None:
    page = ada.get(f"{MMR}/edit").text
    answered = ada.post(f"{MMR}/edit", data=sent(page, "propose", limits="Only adults.", note="narrower"))
    change = answered.headers["location"]
    assert "A second person must publish this" in shown(ada, change)
    assert decide(ada, office, "publish") == 422
    assert "<ins>Only adults" in shown(grace, change)
    assert "1 draft rests on this entry (1 on version 1)" in shown(grace, change)
    assert decide(grace, office, "publish") == 303
    assert (current(office).version, current(office).limits) == (2, "Only adults.")
    versions = shown(grace, f"{MMR}/versions")
    for words in ("by <bdi>Ada Lovelace</bdi>, published by <bdi>Grace Hopper</bdi>", "narrower", "<ins>Only adults"):
        assert words in versions
    assert "from the pack starter" in versions
    assert "They say the same" in shown(grace, f"{MMR}/versions?old=1&new=1")
    assert grace.get(f"{MMR}/versions?old=1&new=9").status_code == 404
    rosa = office.case(office.of("rosa"))
    assert ("evidence unchanged" in dict(office.judgement.gates(rosa))) is True
    with office.store.read() as session:
        line = session.scalars(select(AuditRow).where(AuditRow.what == "change published")).one()
    assert (line.who, line.detail["proposed_by"]) == ("Grace Hopper", "Ada Lovelace")


def test_a_conflict_shows_both_and_overwrites_nothing(office: WebWorld, ada: TestClient, grace: TestClient) -> None:
    page = ada.get(f"{MMR}/edit").text
    with office.store.write() as session:
        theirs = replace(current(office), limits="Theirs.", version=2)
        registry.add_version(session, theirs, by="Somebody", now=office.clock.now(), note="theirs")
    refused = ada.post(f"{MMR}/edit", data=sent(page, "propose", limits="Mine.", note="mine"))
    assert refused.status_code == 409
    for words in ("The entry changed meanwhile", "<ins>Theirs.</ins>", "<ins>Mine.</ins>"):
        assert words in refused.text
    based = ada.post(f"{MMR}/edit", data=sent(refused.text, "rebase"))
    assert sent(based.text, "")["base"] == ["2"]
    assert sent(based.text, "")["limits"] == ["Mine."]
    assert ada.post(f"{MMR}/edit", data=sent(based.text, "propose", limits="Theirs. Mine.")).status_code == 303
    assert decide(grace, office, "publish") == 303
    assert current(office).limits == "Theirs. Mine."


def test_a_new_entry_is_written_from_nothing(office: WebWorld, ada: TestClient, grace: TestClient) -> None:
    page = ada.get("/changes/new").text
    assert "Is empty" not in page  # nobody has typed yet
    given = {
        "id": "moon-cheese",
        "claim": "The moon is made of cheese.",
        "verdict": "false",
        "correction_short": "Rock samples show that the moon is rock.",
        "certainty": "high",
        "review_by": (office.clock.now().date() + timedelta(days=300)).isoformat(),
        "topics": "moon, cheese",
        "note": "new",
    }
    page = ada.post("/changes/new", data=sent(page, "add.source", source=f"https://doi.org/{HVIID}", **given)).text
    assert "Filled in from Crossref" in page
    assert sent(page, "")["c0.first_author"] == ["Hviid A"]
    assert sent(page, "")["c0.key"] == ["hviid2019"]
    assert "c0.verified" not in sent(page, "")
    answered = ada.post("/changes/new", data=sent(page, "propose", c0__key="hviid2019b"))
    assert answered.status_code == 303, html.unescape(answered.text)
    assert "New entry <code>moon-cheese" in shown(grace, answered.headers["location"])
    assert decide(grace, office, "publish") == 303
    assert current(office, "moon-cheese").topics == ("moon", "cheese")
    assert "source unchecked" in shown(grace, "/evidence?q=moon-cheese")


# --- catalogues


def test_differences_stand_beside_the_field_and_are_taken_over_only_by_a_button(
    office: WebWorld, ada: TestClient
) -> None:
    page = ada.get(f"{MMR}/edit").text
    page = ada.post(f"{MMR}/edit", data=sent(page, "look.c0", c0__year="2018", c0__journal="")).text
    assert "Crossref says: <bdi>2019</bdi>" in page
    assert "Filled in: journal" in page
    assert sent(page, "")["c0.year"] == ["2018"]
    page = ada.post(f"{MMR}/edit", data=sent(page, "take.c0.year")).text
    assert sent(page, "")["c0.year"] == ["2019"]
    assert "Crossref says: <bdi>2019</bdi>" not in page


def test_without_a_connection_what_was_typed_stays_and_counts_as_unchecked(
    office: WebWorld, ada: TestClient, there: Catalogues
) -> None:
    there.say = lambda request: answer(request, 503)
    page = ada.get(f"{MMR}/edit").text
    page = ada.post(f"{MMR}/edit", data=sent(page, "add.source", source="doi:10.1000/abc", limits="Kept.")).text
    assert "Nothing could be compared: Crossref is out of order" in page
    assert (sent(page, "")["c2.doi"], sent(page, "")["limits"]) == (["10.1000/abc"], ["Kept."])
    assert "c2.verified" not in sent(page, "")
    nobody = a_world(office.hands.stop_flag.parent / "other")
    lone = sign_in(nobody)
    told = lone.post(f"{MMR}/edit", data=sent(lone.get(f"{MMR}/edit").text, "look.c0")).text
    assert "this office has no `contact` address" in told
    nobody.store.close()


def test_hostile_words_of_catalogues_and_forms_stay_words(office: WebWorld, ada: TestClient, grace: TestClient) -> None:
    page = ada.get(f"{MMR}/edit").text
    page = ada.post(f"{MMR}/edit", data=sent(page, "add.source", source=HOSTILE)).text
    assert "<script>" not in page.replace('<script src="/static', "")
    bell = ada.post(f"{MMR}/edit", data=sent(page, "propose", limits=HOSTILE_WORDS, note="x"))
    assert "Holds an unreadable character (U+0007)" in bell.text
    words = HOSTILE_WORDS.replace("\x07", "")
    assert ada.post(f"{MMR}/edit", data=sent(page, "propose", limits=words, note=words[:300])).status_code == 303
    change = f"/changes/{proposed(office).id}"
    for path in (change, "/changes", f"{change}/edit"):
        found = ada.get(path).text
        assert "<script>alert" not in found, path
        assert "<img src=x" not in found, path
        assert "\u202e" not in found.split("</h1>", 1)[1].split("<form", 1)[0], path


# --- signing, retiring, the rule


def test_a_clinician_signs_the_version_they_read_and_the_date_is_kept(office: WebWorld) -> None:
    grace = sign_in(office, "Grace Hopper", Role.CLINICAL_REVIEWER)
    page = grace.get(MMR).text
    data = {"csrf": token(page), "version": "1"}
    assert grace.post(f"{MMR}/sign", data=data).status_code == 422  # nobody said they had read it
    assert grace.post(f"{MMR}/sign", data=data | {"read": "true", "version": "7"}).status_code == 409
    assert grace.post(f"{MMR}/sign", data=data | {"read": "true"}).status_code == 303
    entry = current(office)
    assert (entry.version, entry.signed_off_by, entry.signed_off_on) == (2, "Grace Hopper", office.clock.now().date())
    assert f"Signed off by <bdi>Grace Hopper</bdi> on {entry.signed_off_on}" in shown(grace, MMR)
    assert "58 wait for a clinician" in shown(grace, "/evidence")


def test_retiring_is_proposed_too_and_the_entry_can_come_back(
    office: WebWorld, ada: TestClient, grace: TestClient
) -> None:
    data = {"csrf": token(ada.get(MMR).text), "why": "superseded"}
    assert ada.post(f"{MMR}/retire", data=data | {"why": " "}).status_code == 422
    assert ada.post(f"{MMR}/retire", data=data).status_code == 303
    assert decide(grace, office, "publish") == 303
    page = shown(grace, MMR)
    assert "retired: it is not in force" in page
    assert grace.get(f"{MMR}/edit").status_code == 404
    assert ada.post(f"{MMR}/revive", data=data | {"why": "needed"}).status_code == 303
    assert decide(grace, office, "publish") == 303
    assert current(office).version == 1
    assert "superseded" in shown(grace, f"{MMR}/versions")


def test_only_an_administrator_relaxes_the_rule_of_two(office: WebWorld, ada: TestClient, grace: TestClient) -> None:
    data = {"csrf": token(ada.get("/changes").text), "value": "allowed", "why": "we practise"}
    assert ada.post("/changes/rule", data=data).status_code == 403
    data["csrf"] = token(grace.get("/changes").text)
    assert grace.post("/changes/rule", data=data).status_code == 303
    assert "One person may propose and publish here" in shown(ada, "/changes")
    page = ada.get(f"{MMR}/edit").text
    ada.post(f"{MMR}/edit", data=sent(page, "propose", limits="Only adults.", note="narrower"))
    assert decide(ada, office, "publish") == 303
    assert current(office).version == 2


def test_forms_of_others_are_refused_and_so_is_a_missing_token(
    office: WebWorld, ada: TestClient, grace: TestClient
) -> None:
    page = ada.get(f"{MMR}/edit").text
    ada.post(f"{MMR}/edit", data=sent(page, "keep", limits="Adults."))
    path = f"/changes/{proposed(office).id}"
    assert grace.get(f"{path}/edit").status_code == 422
    assert decide(grace, office, "withdraw") == 422
    assert ada.post(f"{path}/withdraw", data={"seen": "1"}).status_code == 403
    assert grace.get("/changes/999").status_code == 404
    assert decide(ada, office, "withdraw") == 303
    assert ada.get(f"{path}/edit").status_code == 409
