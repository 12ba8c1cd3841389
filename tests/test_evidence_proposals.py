"""A change of the evidence is proposed by one person and published by another; nothing is ever silently overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot import rulings
from bot.errors import NotAllowed, Stale
from bot.evidence import answers, cards, proposals, registry
from bot.evidence.cards import Wanted
from bot.evidence.diff import GONE, NEW, Piece, changed_fields, changes, words
from bot.evidence.proposals import Kind, Standing, Who
from bot.evidence.rows import plain
from bot.model import Evidence
from bot.people import Role, ensure_user
from bot.ports import Found, Notice, NoticeKind
from bot.store.engine import Store
from bot.store.evidence_models import ProposalRow
from bot.store.office_models import AuditRow
from tests.builders import ENTRY, NOW, a_citation, some_evidence

ADA, GRACE = Who(name="Ada Lovelace", user=1), Who(name="Grace Hopper", user=2)
TODAY = NOW.date()
SOUND = some_evidence(
    paraphrases=("the jab causes autism", "MMR made him autistic", "vaccines = autism"),
    negations=("MMR does not cause autism",),
    questions=("does MMR cause autism?",),
    signed_off_on=date(2026, 11, 23),
)


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'office.db'}"
    store = Store(url if request.param == "sqlite" else request.getfixturevalue("postgres_url"))
    store.migrate()
    with store.write() as session:
        registry.store_pack(session, [SOUND], name="test", by="tests", now=NOW)
    yield store
    store.close()


def row(entry: Evidence = SOUND, **more: Any) -> dict[str, Any]:
    signature = ("version", "status", "signed_off_by", "signed_off_on")
    return {name: value for name, value in plain(entry).items() if name not in signature} | more


def propose(store: Store, data: dict[str, Any] | None = None, **more: Any) -> ProposalRow:
    """Ada proposes, unless told otherwise."""
    given: dict[str, Any] = {
        "row": None,
        "kind": Kind.EDIT,
        "entry_id": ENTRY,
        "base": 1,
        "data": row() if data is None else data,
        "note": "why not",
        "submit": True,
        "who": ADA,
        "now": NOW,
    }
    with store.write() as session:
        return proposals.save(session, **given | more)


def publish(store: Store, change: ProposalRow, *, who: Who = GRACE, alone: bool = False) -> Evidence | None:
    with store.write() as session:
        proposals.put_in_force(session, change.id, seen=change.version, alone=alone, who=who, now=NOW)
    return now(store)


def now(store: Store, entry_id: str = ENTRY) -> Evidence | None:
    with store.read() as session:
        return registry.current(session, entry_id)


def lines(store: Store, what: str) -> list[AuditRow]:
    with store.read() as session:
        return session.query(AuditRow).where(AuditRow.what == what).all()


LONGER = [*SOUND.paraphrases, "that needle gave my boy autism"]


def test_a_second_person_publishes_and_both_names_are_on_record(store: Store):
    change = propose(store, row(paraphrases=LONGER))
    assert now(store) == SOUND
    found = publish(store, change)

    assert found == replace(SOUND, version=2, paraphrases=tuple(LONGER))
    (line,) = lines(store, "change published")
    assert (line.who, line.detail["proposed_by"]) == ("Grace Hopper", "Ada Lovelace")
    assert (line.detail["before"], line.detail["after"], line.detail["fields"]) == (1, 2, ["paraphrases"])
    with store.read() as session:
        kept = proposals.get(session, change.id)
    assert kept is not None
    assert (kept.state, kept.decided_by, kept.became) == (Standing.PUBLISHED, "Grace Hopper", 2)


def test_who_proposed_cannot_publish_even_under_another_name(store: Store):
    change = propose(store, row(paraphrases=LONGER))
    for name in ("Ada Lovelace", "Countess of Lovelace"):
        with pytest.raises(NotAllowed, match="ask a second person"):
            publish(store, change, who=Who(name=name, user=ADA.user))
    assert now(store) == SOUND


@pytest.mark.parametrize(
    ("changed", "keeps"),
    [
        ({"paraphrases": LONGER}, True),
        ({"negations": ["no it does not"], "questions": ["really?"]}, True),
        ({"topics": ["vaccines"], "audience": ["public"]}, True),
        ({"claim": "Vaccines cause autism."}, False),
        ({"correction_short": "Children who get MMR are not more likely to be autistic."}, False),
        ({"correction_long": "In detail."}, False),
        ({"verdict": "misleading"}, False),
        ({"certainty": "low"}, False),
        ({"limits": "Adults."}, False),
        ({"citations": [plain(replace(SOUND, citations=(a_citation(year=2020),)))["citations"][0]]}, False),
        ({"review_by": "2028-01-01"}, False),
        ({"sensitivity": "high-care"}, False),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_only_how_posts_are_found_may_change_without_a_new_signature(
    store: Store, changed: dict[str, Any], keeps: bool
):
    found = publish(store, propose(store, row(**changed)))

    assert found is not None
    signature = (found.status, found.signed_off_by, found.signed_off_on)
    kept = (SOUND.status, SOUND.signed_off_by, SOUND.signed_off_on)
    assert signature == (kept if keeps else (proposals.UNSIGNED, "", None))


def test_a_signature_cannot_be_typed_in(store: Store):
    forged = row(claim="Other words.", status="signed-off", signed_off_by="Dr Forged", signed_off_on="2026-01-01")
    found = publish(store, propose(store, forged))

    assert found is not None
    assert (found.status, found.signed_off_by) == (proposals.UNSIGNED, "")


def test_signing_gives_name_and_date_and_only_for_the_version_that_was_read(store: Store):
    publish(store, propose(store, row(limits="Adults.")))
    with pytest.raises(Stale, match="read it again"), store.write() as session:
        registry.sign_off(session, ENTRY, by="Dr New", now=NOW, read=1)
    with store.write() as session:
        signed = registry.sign_off(session, ENTRY, by="Dr New", now=NOW, read=2)

    assert (signed.version, signed.signed_off_by, signed.signed_off_on) == (3, "Dr New", TODAY)
    assert signed.why_not_publishable(TODAY) == ()


def test_a_proposal_from_an_older_version_is_shown_with_both_and_never_published(store: Store):
    mine, theirs = propose(store, row(limits="Mine.")), propose(store, row(limits="Theirs."), who=GRACE)
    publish(store, theirs, who=ADA)
    with pytest.raises(Stale, match="Compare both versions"):
        publish(store, mine)
    with store.read() as session:
        kept = proposals.get(session, mine.id)
        assert kept is not None
        state = proposals.situation(session, kept, TODAY)
    assert state.moved
    assert (state.base, state.now, state.proposed) == (
        SOUND,
        now(store),
        replace(SOUND, version=2, limits="Mine.", status=proposals.UNSIGNED, signed_off_by="", signed_off_on=None),
    )
    with store.write() as session:
        again = proposals.save(
            session, row=proposals.get(session, mine.id), kind=Kind.EDIT, entry_id=ENTRY, base=2, note="both",
            data=row(limits="Theirs. Mine."), submit=True, who=ADA, now=NOW, seen=mine.version,
        )  # fmt: skip
    found = publish(store, again)
    assert found is not None
    assert (found.version, found.limits) == (3, "Theirs. Mine.")


def test_a_decision_counts_for_the_proposal_that_was_read(store: Store):
    change = propose(store, row(limits="One."))
    with store.write() as session:
        proposals.save(
            session, row=proposals.get(session, change.id), kind=Kind.EDIT, entry_id=ENTRY, base=1, note="again",
            data=row(limits="Two."), submit=True, who=ADA, now=NOW, seen=change.version,
        )  # fmt: skip
    with pytest.raises(Stale, match="look at it again"):
        publish(store, change)
    with pytest.raises(Stale), store.write() as session:
        proposals.reject(session, change.id, seen=change.version, why="no", who=GRACE, now=NOW)


def test_half_a_thought_can_be_saved_but_not_proposed(store: Store):
    half = row(correction_short="", verdict="", citations=[])
    draft = propose(store, half, submit=False)
    assert draft.state == Standing.DRAFT
    with pytest.raises(NotAllowed, match="cannot be proposed yet"):
        propose(store, half)
    with pytest.raises(NotAllowed, match="it is a draft"):
        publish(store, draft)
    with pytest.raises(NotAllowed, match="nothing was changed"):
        propose(store)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"citations": []}, "no citation"),
        ({"review_by": None}, "no review_by date"),
        ({"correction_short": "It is a myth that MMR does this."}, "begin with the fact"),
        ({"last_reviewed": "2027-01-01"}, "lies in the future"),
        ({"claim": "The moon is made of cheese."}, "also stands in moon"),
    ],
)
def test_what_lint_calls_an_error_blocks_publishing(store: Store, changed: dict[str, Any], words: str):
    with store.write() as session:
        moon = some_evidence("moon", claim="The moon is made of cheese.")
        registry.store_pack(session, [moon], name="moon", by="tests", now=NOW)

    with pytest.raises(NotAllowed, match=words):
        propose(store, row(**changed))


def test_a_source_that_a_catalogue_calls_retracted_blocks_publishing_until_it_is_replaced(store: Store):
    found = Found(catalogue="Crossref", title="T", notices=(Notice(kind=NoticeKind.RETRACTION),))
    with store.write() as session:
        answers.keep(session, answers.doi_key("10.7326/M18-2101"), found, now=NOW)
    with pytest.raises(NotAllowed, match="Crossref says that citation hviid2019 is retracted"):
        propose(store, row(limits="Adults."))
    other = plain(replace(SOUND, citations=(a_citation(key="new", doi="10.1000/new"),)))["citations"]
    assert propose(store, row(citations=other)).state == Standing.WAITING


def test_retiring_and_bringing_back_need_two_people_too(store: Store):
    change = propose(store, {}, kind=Kind.RETIRE, note="superseded")
    with pytest.raises(NotAllowed, match="second person"):
        publish(store, change, who=ADA)
    assert publish(store, change) is None
    with store.read() as session:
        assert [one.entry_id for one in cards.find(session, Wanted(status="retired"), TODAY).cards] == [ENTRY]
        assert cards.find(session, Wanted(), TODAY).cards == []
    with pytest.raises(Stale):
        propose(store, row(limits="Adults."))  # a retired entry is not edited
    back = propose(store, {}, kind=Kind.REVIVE, note="it is needed", who=GRACE)
    assert publish(store, back, who=ADA) == SOUND
    assert [line.detail["why"] for line in lines(store, "entry retired")] == ["superseded"]


def test_a_new_entry_begins_unsigned_and_an_id_is_used_once(store: Store):
    fresh = row(some_evidence("moon", claim="The moon is made of cheese."))
    change = propose(store, fresh, kind=Kind.NEW, entry_id="moon", base=0)
    publish(store, change)
    found = now(store, "moon")

    assert found is not None
    assert (found.version, found.status, found.signed_off_by) == (1, proposals.UNSIGNED, "")
    with pytest.raises(NotAllowed, match="there is an entry moon already"):
        propose(store, fresh, kind=Kind.NEW, entry_id="moon", base=0)
    for wrong in ("", "No Id", "../x", "x" * 81):
        with pytest.raises(NotAllowed, match="id"):
            propose(store, fresh | {"id": wrong}, kind=Kind.NEW, entry_id=wrong, base=0)


def test_only_the_author_edits_or_takes_back_and_the_others_say_why_not(store: Store):
    change = propose(store, row(limits="Adults."))
    with pytest.raises(NotAllowed, match="only Ada Lovelace"), store.write() as session:
        proposals.withdraw(session, change.id, seen=change.version, who=GRACE, now=NOW)
    with pytest.raises(NotAllowed, match="in a few words"), store.write() as session:
        proposals.reject(session, change.id, seen=change.version, why="  ", who=GRACE, now=NOW)
    with store.write() as session:
        proposals.reject(session, change.id, seen=change.version, why="too vague", who=GRACE, now=NOW)
    assert [line.detail["why"] for line in lines(store, "change rejected")] == ["too vague"]
    with pytest.raises(Stale, match="rejected by Grace Hopper"):
        publish(store, change)


def test_one_person_may_do_both_only_by_a_recorded_decision_and_only_where_nobody_else_works(store: Store):
    def may(*, practice: bool = False) -> bool:
        with store.read() as session:
            return rulings.may_publish_alone(session, practice=practice)

    with store.write() as session:
        ensure_user(session, "Ada Lovelace", Role.ADMINISTRATOR, by="tests", now=NOW)
    assert not may(practice=True)
    with pytest.raises(NotAllowed, match="reason"), store.write() as session:
        rulings.rule_office(session, rulings.EVIDENCE_ALONE, "allowed", by="Ada", why=" ", now=NOW)
    with store.write() as session:
        rulings.rule_office(session, rulings.EVIDENCE_ALONE, "allowed", by="Ada", why="I am alone", now=NOW)
    assert may()
    with store.write() as session:
        ensure_user(session, "Grace Hopper", Role.EDITOR, by="tests", now=NOW)
    assert not may()
    assert may(practice=True)
    change = propose(store, row(limits="Adults."))
    publish(store, change, who=ADA, alone=True)
    assert [line.detail["alone"] for line in lines(store, "change published")] == [True]
    with store.write() as session:
        rulings.rule_office(session, rulings.EVIDENCE_ALONE, "off", by="Ada", why="two of us", now=NOW)
    assert not may(practice=True)


def test_a_diff_shows_the_words_that_went_and_came():
    pieces = words("Children who get MMR are no more likely to.", "Children who get MMR are not more likely to.")
    assert [one for one in pieces if one.kind in (GONE, NEW)] == [
        Piece(kind=GONE, text="no"),
        Piece(kind=NEW, text="not"),
    ]
    assert words("one thing", "quite another matter") == (
        Piece(kind=GONE, text="one thing"),
        Piece(kind=NEW, text="quite another matter"),
    )
    other = replace(SOUND, citations=(a_citation(year=2020), a_citation(key="b", doi="10.1000/b")), limits="x")
    assert {"citations[hviid2019].year", "citations[b].title"} <= {one.field for one in changes(SOUND, other)}
    assert changed_fields(SOUND, other) == ("limits", "citations")
    assert changes(SOUND, SOUND) == ()
