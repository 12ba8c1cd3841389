"""Citations are looked up in real HTTP conversations: recorded answers are read, trouble is named by its remedy."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.audit import OFFICE
from bot.cli import app
from bot.clock import SteeredClock
from bot.errors import BadSettings, Gone, PlatformError, Refused, SlowDown, Unreachable
from bot.evidence import answers, cards, registry
from bot.evidence.cards import Wanted
from bot.evidence.compare import compare, key_for
from bot.evidence.lookups.cache import Lookups, lookups
from bot.evidence.lookups.crossref import Crossref
from bot.evidence.lookups.http import Catalogue
from bot.evidence.lookups.pubmed import PubMed
from bot.evidence.pack import to_jsonl
from bot.evidence.recheck import Recheck
from bot.ports import Found, Notice, NoticeKind
from bot.settings import LookupSettings, Settings
from bot.store.engine import Store
from bot.store.office_models import AuditRow
from tests.builders import NOW, a_citation, some_evidence
from tests.catalogues import CONTACT, HOSTILE, HVIID, WAKEFIELD, Answer, Catalogues, answer, catalogues


@pytest.fixture
def there() -> Iterator[Catalogues]:
    with catalogues() as found:
        yield found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'office.db'}")
    store.migrate()
    yield store
    store.close()


@pytest.fixture
def clock() -> SteeredClock:
    return SteeredClock(NOW)


@pytest.fixture
def desk(there: Catalogues, store: Store, clock: SteeredClock) -> Lookups:
    return there.lookups(store, clock)


def crossref(there: Catalogues, **more: Any) -> Crossref:
    return Crossref(there.catalogue(**more))


def test_crossref_gives_title_authors_journal_and_year(there: Catalogues):
    assert crossref(there).by_doi(HVIID) == Found(
        catalogue="Crossref",
        title="Measles, Mumps, Rubella Vaccination and Autism: A Nationwide Cohort Study",
        authors=("Hviid A", "Hansen JV", "Frisch M", "Melbye M"),
        journal="Annals of Internal Medicine",
        year=2019,
        doi="10.7326/m18-2101",
    )


def test_we_say_who_asks_and_a_doi_never_becomes_another_path(there: Catalogues):
    with pytest.raises(Gone):
        crossref(there).by_doi("10.1000/../../members?x=1#y")

    assert there.agents == [f"Scrutineer (mailto:{CONTACT})"]
    assert there.asked == [f"/works/10.1000%2F..%2F..%2Fmembers%3Fx%3D1%23y?mailto={CONTACT.replace('@', '%40')}"]


def test_a_retraction_is_found_although_it_stands_on_the_notice(there: Catalogues):
    assert crossref(there).by_doi(WAKEFIELD).notices == (
        Notice(kind=NoticeKind.CORRECTION, where="10.1016/s0140-6736(04)15715-2"),
        Notice(kind=NoticeKind.RETRACTION, where="10.1016/s0140-6736(10)60175-4"),
    )
    assert any("filter=updates%3A10.1016%2FS0140-6736%2897%2911096-0" in one for one in there.asked)


def test_pubmed_gives_the_same_and_says_what_followed(there: Catalogues):
    found = PubMed(there.catalogue("PubMed")).by_pmid("24814559")

    assert (found.title[:38], found.authors[0]) == ("Vaccines are not associated with autis", "Taylor LE")
    assert (found.journal, found.year, found.doi) == ("Vaccine", 2014, "10.1016/j.vaccine.2014.04.085")
    assert found.notices == (Notice(kind=NoticeKind.CORRECTION, where="PubMed 25130000"),)
    retracted = PubMed(there.catalogue("PubMed")).by_pmid("9500320")
    assert retracted.notices == (Notice(kind=NoticeKind.RETRACTION, where="PubMed 20137807"),)
    with pytest.raises(Gone, match="check the number"):
        PubMed(there.catalogue("PubMed")).by_pmid("999999999")


def test_what_a_catalogue_sends_becomes_plain_short_text(there: Catalogues):
    found = crossref(there).by_doi(HOSTILE)

    assert found.title == "Copper teapots & alert(1) {{7*7}} \u202egout"
    assert (found.authors, found.journal, found.year) == (("Mallory",), "Journal of Teapots", 2020)


def dripping(there: Catalogues) -> Answer:
    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while not there.gone.wait(0.05):
            try:
                request.wfile.write(b" ")
            except OSError:
                return

    return drip


def endless(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    for _ in range(1_000):
        try:
            request.wfile.write(b" " * 65_536)
        except OSError:
            return


def with_body(body: bytes) -> Answer:
    return lambda request: answer(request, 200, body)


@pytest.mark.parametrize(
    ("say", "error", "words"),
    [
        (lambda request: answer(request, 404), Gone, "check the number"),
        (lambda request: answer(request, 429, retry_after="7"), SlowDown, "slow down"),
        (lambda request: answer(request, 500), Unreachable, "try again later"),
        (lambda request: answer(request, 403), Refused, "403"),
        (with_body(b"<html>busy</html>"), Refused, "not JSON"),
        (with_body(b"\xff\xfe\x00"), Refused, "not JSON"),
        (with_body(b"[" * 90_000), Refused, "not JSON"),
        (with_body(b'{"message": []}'), Refused, "documented"),
        (with_body(b'{"message": {"title": [7, null], "author": "x", "issued": 3}}'), Refused, "title"),
        (endless, Refused, "too long"),
        (lambda request: answer(request, 302, location="http://127.0.0.1:9/x"), Refused, "another address"),
        (lambda request: answer(request, 301, location="https://evil.example/x"), Refused, "another address"),
        (lambda request: answer(request, 302, location=request.path), Refused, "circle"),
    ],
    ids=lambda value: value if isinstance(value, str) else getattr(value, "__name__", "says"),
)
def test_every_kind_of_trouble_is_named_by_its_remedy(
    there: Catalogues, say: Answer, error: type[PlatformError], words: str
):
    there.say = say

    with pytest.raises(error, match=words) as caught:
        crossref(there).by_doi(HVIID)
    if isinstance(caught.value, SlowDown):
        assert caught.value.seconds == 7


def test_a_slow_drip_ends_at_the_time_limit(there: Catalogues):
    there.say = dripping(there)
    began = time.monotonic()

    with pytest.raises(Unreachable, match="too slowly"):
        crossref(there, seconds=0.5).by_doi(HVIID)
    assert time.monotonic() - began < 5


def test_nobody_at_the_address_means_try_again_later():
    with pytest.raises(Unreachable, match="cannot be reached"):
        Catalogue("Crossref", "http://127.0.0.1:9", contact=CONTACT, pause=0.0).get("/works/x", {})


def test_a_redirect_within_the_catalogue_is_followed(there: Catalogues):
    def moved(request: BaseHTTPRequestHandler) -> None:
        there.say = None
        answer(request, 301, location=f"/works/{HVIID.replace('/', '%2F')}")

    there.say = moved
    assert crossref(there).by_doi("10.7326/old").year == 2019


def test_two_questions_are_a_pause_apart(there: Catalogues):
    slow = Catalogue("Crossref", there.url, contact=CONTACT, pause=0.3)
    began = time.monotonic()
    Crossref(slow).by_doi(HVIID)  # the work, and what updates it

    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize("address", ["http://api.crossref.org", "ftp://x", "api.crossref.org", "http://127.0.0.1.evil"])
def test_only_https_leaves_this_machine(address: str):
    with pytest.raises(BadSettings, match="https"):
        Catalogue("Crossref", address, contact=CONTACT)
    with pytest.raises(ValueError, match="https"):
        LookupSettings(crossref=address)


def test_nobody_is_asked_without_a_contact_address(store: Store, clock: SteeredClock):
    assert lookups(Settings(), store, clock) is None
    assert lookups(Settings(contact=CONTACT), store, clock) is not None


def test_an_answer_is_kept_for_a_week_with_its_time(
    there: Catalogues, desk: Lookups, store: Store, clock: SteeredClock
):
    first = desk.by_doi(HVIID)
    asked = len(there.asked)
    assert desk.by_doi(HVIID.upper()) == first
    assert len(there.asked) == asked
    with store.read() as session:
        assert answers.kept(session, [answers.doi_key(HVIID)])[answers.doi_key(HVIID)].at == NOW
    clock.advance(timedelta(days=8))
    assert desk.by_doi(HVIID) == first
    assert len(there.asked) > asked


def test_an_unknown_number_is_remembered_but_never_in_the_place_of_a_known_source(
    there: Catalogues, desk: Lookups, clock: SteeredClock
):
    for _ in range(2):
        with pytest.raises(Gone, match="check the number"):
            desk.by_doi("10.1000/none")
    assert len(there.asked) == 1
    desk.by_doi(HVIID)
    clock.advance(timedelta(days=8))
    there.say = lambda request: answer(request, 404)
    with pytest.raises(Gone):
        desk.by_doi(HVIID)
    there.say = None
    assert desk.by_doi(HVIID).year == 2019


TYPED = {
    "title": "Measles, mumps, rubella vaccination & autism — a nationwide cohort study",
    "first_author": "HVIID, Anders",
    "journal": "Ann Intern Med",
    "year": "2018",
    "doi": HVIID,
}


def test_what_was_typed_is_compared_field_by_field(there: Catalogues):
    found = crossref(there).by_doi(HVIID)
    same = {one.field: one.same for one in compare(TYPED, found)}

    assert same == {"title": True, "first_author": True, "journal": True, "year": False, "doi": True}
    other = compare(TYPED | {"title": "Aspirin and the heart", "journal": "Vaccine", "first_author": "Bach C"}, found)
    assert [one.field for one in other if not one.same] == ["title", "first_author", "journal", "year"]
    assert key_for(found) == "hviid2019"


# --- the weekly check


def the_table(store: Store, *sources: str) -> None:
    """One entry for each DOI."""
    entries = [
        some_evidence(f"entry-{number}", citations=(a_citation(key=f"k{number}", doi=doi),), claim=f"Claim {number}.")
        for number, doi in enumerate(sources)
    ]
    with store.write() as session:
        registry.store_pack(session, entries, name="test", by="tests", now=NOW)


def states(store: Store) -> dict[str, str]:
    with store.read() as session:
        return {one.entry_id: one.citations for one in cards.find(session, Wanted(), NOW.date()).cards}


def test_a_retraction_is_written_into_the_entry_and_nothing_can_be_published_from_it(
    desk: Lookups, store: Store, clock: SteeredClock
):
    the_table(store, HVIID, WAKEFIELD)
    assert states(store) == {"entry-0": "ok", "entry-1": "ok"}
    done = Recheck(store=store, clock=clock, lookup=desk).round()

    assert (done.asked, done.left, len(done.flagged)) == (2, 0, 1)
    assert states(store) == {"entry-0": "ok", "entry-1": "retracted"}
    with store.read() as session:
        entry = registry.current(session, "entry-1")
        lines = session.query(AuditRow).where(AuditRow.what == "source flagged").all()
    assert entry is not None
    assert (entry.version, entry.signed_off_by) == (2, "Dr Grace Example")
    flag = "retracted (10.1016/s0140-6736(10)60175-4), says Crossref"
    assert entry.why_not_publishable(NOW.date()) == (f"citation k1 is flagged: {flag}",)
    assert [(line.who, line.detail["entry"], line.detail["why"]) for line in lines] == [(OFFICE, "entry-1", flag)]


def test_each_source_is_asked_about_once_a_week_and_the_longest_unasked_first(
    there: Catalogues, desk: Lookups, store: Store, clock: SteeredClock
):
    the_table(store, HVIID, WAKEFIELD, "10.1000/none")
    recheck = Recheck(store=store, clock=clock, lookup=desk)
    first = recheck.round(most=2)
    assert (first.asked, first.left, [key for key, _ in first.unknown]) == (2, 1, ["doi:10.1000/none"])
    assert recheck.round(most=2).left == 0
    before = len(there.asked)
    assert recheck.round().asked == 0
    assert len(there.asked) == before
    clock.advance(timedelta(days=7))
    again = recheck.round()
    assert (again.asked, again.flagged) == (3, [])  # what is flagged is not flagged twice


def test_what_an_editor_looked_up_is_heeded_without_asking_again(
    there: Catalogues, desk: Lookups, store: Store, clock: SteeredClock
):
    the_table(store, WAKEFIELD)
    desk.by_doi(WAKEFIELD)
    before = len(there.asked)
    done = Recheck(store=store, clock=clock, lookup=desk).round()

    assert (len(done.flagged), len(there.asked)) == (1, before)
    assert states(store) == {"entry-0": "retracted"}


def test_the_command_marks_what_is_retracted_and_says_what_it_needs(there: Catalogues, tmp_path: Path):
    office = {"SCRUTINEER_DATA_DIR": str(tmp_path), "SCRUTINEER_LOOKUP__CROSSREF": there.url}
    office["SCRUTINEER_LOOKUP__PUBMED"] = there.url
    refused = CliRunner().invoke(app, ["evidence", "check-citations"], env=office)
    assert isinstance(refused.exception, BadSettings)
    assert "contact: set a mail address first" in str(refused.exception)
    pack = tmp_path / "pack.jsonl"
    pack.write_text(to_jsonl([some_evidence("wakefield", citations=(a_citation(doi=WAKEFIELD),))]), encoding="utf-8")
    office["SCRUTINEER_CONTACT"] = CONTACT
    assert CliRunner().invoke(app, ["evidence", "import", str(pack), "--as", "Ada"], env=office).exit_code == 0
    said = CliRunner().invoke(app, ["evidence", "check-citations", "--most", "1"], env=office).output
    assert "1 sources asked about" in said
    said = CliRunner().invoke(app, ["evidence", "check-citations"], env=office).output
    assert "in wakefield: retracted (10.1016/s0140-6736(10)60175-4), says Crossref" in said
    assert "1 entries marked, 0 still to ask" in said


def test_a_catalogue_out_of_reach_ends_the_round_and_changes_nothing(
    there: Catalogues, desk: Lookups, store: Store, clock: SteeredClock
):
    the_table(store, HVIID, WAKEFIELD)
    there.say = lambda request: answer(request, 503)
    done = Recheck(store=store, clock=clock, lookup=desk).round()

    assert (done.asked, done.left) == (0, 2)
    assert "out of order" in done.stopped
    assert states(store) == {"entry-0": "ok", "entry-1": "ok"}


def test_a_correction_shows_on_the_card_and_blocks_nothing(desk: Lookups, store: Store, clock: SteeredClock):
    citation = a_citation(key="taylor2014", doi="", pmid="24814559")
    with store.write() as session:
        registry.store_pack(session, [some_evidence(citations=(citation,))], name="test", by="tests", now=NOW)
    Recheck(store=store, clock=clock, lookup=desk).round()

    assert states(store) == {"mmr-vaccine-autism": "corrected"}
    with store.read() as session:
        entry = registry.current(session, "mmr-vaccine-autism")
    assert entry is not None
    assert (entry.version, entry.why_not_publishable(NOW.date())) == (1, ())


def test_the_recorded_answers_are_json_as_it_comes():
    for path in sorted((Path(__file__).parent / "wire" / "lookups").glob("*.json")):
        assert isinstance(json.loads(path.read_bytes()), dict), path.name
