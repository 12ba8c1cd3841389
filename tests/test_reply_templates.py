"""Words of the office in place of what ships: their versions in the store, and what replies make of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import own_words, samples
from bot.errors import NotAllowed, Stale
from bot.model import Verdict
from bot.own_words import SHIPPED, Hand, Name
from bot.people import Role, ensure_user
from bot.store.engine import Store
from bot.store.office_models import AuditRow, ReplyTemplateRow
from replies.civility import check
from replies.compose import Style, compose
from replies.own import MAY_BE_EMPTY, faults
from replies.placeholders import DISCLOSURES, EXITS, PHRASE_KEYS
from replies.shelf import languages, shelf
from replies.support import Carrier, support
from tests.builders import NOW
from tests.small_office import SmallOffice
from tests.test_compose import OFFICE, an_entry, anything, said
from tests.web_world import WebWorld, a_world, fill

THANKS = Name(lang="en", name="thanks", shipped="Thanks for asking.")
ADA, GRACE = Hand(name="Ada", id=1), Hand(name="Grace", id=2)
KIND_WORDS = "How good that you ask."
SOUND = "{{ fact }}\n{{ url }}\n{{ disclosure }} {{ exit }}"


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path / 'o.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    store = Store(url)
    store.migrate()
    with store.write() as session:
        for hand in (ADA, GRACE):
            ensure_user(session, hand.name, Role.EDITOR, by="the test", now=NOW)
    yield store
    store.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[WebWorld]:
    office = fill(a_world(tmp_path))
    yield office
    office.store.close()


def written(store: Store, text: str = KIND_WORDS, hand: Hand = ADA, what: Name = THANKS) -> ReplyTemplateRow:
    with store.write() as session:
        return own_words.write(session, what, text, "kinder", hand=hand, now=NOW)


def put(store: Store, version: int, *, seen: int = SHIPPED, hand: Hand = GRACE, what: Name = THANKS) -> None:
    with store.write() as session:
        own_words.put_in_force(session, what, version, seen=seen, hand=hand, now=NOW + timedelta(minutes=1))


def in_force(store: Store, lang: str = "en") -> tuple[tuple[str, str], ...]:
    with store.read() as session:
        return own_words.in_force(session, lang)


# --- versions in the store


def test_a_new_version_is_a_draft_until_somebody_puts_it_in_force(store: Store) -> None:
    first = written(store)
    assert (first.version, first.state, in_force(store)) == (1, "draft", ())
    put(store, 1)
    second = written(store, "Thank you.")

    assert (second.version, second.state) == (2, "draft")
    assert in_force(store) == (("thanks", KIND_WORDS),)
    put(store, 2, seen=1)
    assert in_force(store) == (("thanks", "Thank you."),)
    with store.read() as session:
        assert [row.state for row in own_words.versions(session, THANKS)] == ["in_force", "retired"]
        assert own_words.ever_said(session, "en") == (("thanks", KIND_WORDS), ("thanks", "Thank you."))
        assert own_words.in_force(session, "de") == ()


def test_an_older_version_can_be_put_in_force_again_and_so_can_what_ships(store: Store) -> None:
    for text in ("One.", "Two."):
        written(store, text)
    put(store, 2)
    put(store, 1, seen=2)
    assert in_force(store) == (("thanks", "One."),)
    with store.write() as session:
        own_words.back_to_shipped(session, THANKS, seen=1, hand=ADA, now=NOW)
    assert in_force(store) == ()
    with pytest.raises(NotAllowed, match="in force already"), store.write() as session:
        own_words.back_to_shipped(session, THANKS, seen=SHIPPED, hand=ADA, now=NOW)


def test_who_wrote_it_does_not_put_it_in_force_alone(store: Store) -> None:
    written(store)
    for same in (ADA, Hand(name="Ada Renamed", id=ADA.id), Hand(name=ADA.name, id=99)):
        with pytest.raises(NotAllowed, match="somebody else puts it in force"):
            put(store, 1, hand=same)
    assert in_force(store) == ()
    put(store, 1, hand=GRACE)


def test_in_a_practice_office_or_alone_one_person_is_enough(store: Store) -> None:
    written(store)
    put(store, 1, hand=replace(ADA, practice=True))
    written(store, "Alone.")
    with store.write() as session:
        ensure_user(session, "Third", Role.EDITOR, by="the test", now=NOW).disabled_at = NOW
    with pytest.raises(NotAllowed):
        put(store, 2, seen=1, hand=ADA)
    with store.write() as session:
        ensure_user(session, GRACE.name, Role.EDITOR, by="the test", now=NOW).disabled_at = NOW
    put(store, 2, seen=1, hand=ADA)
    assert in_force(store) == (("thanks", "Alone."),)


def test_nobody_puts_in_force_over_what_they_did_not_see(store: Store) -> None:
    for text in ("One.", "Two."):
        written(store, text)
    put(store, 1)
    with pytest.raises(Stale, match="meanwhile"):
        put(store, 2, seen=SHIPPED)
    with pytest.raises(NotAllowed, match="in force already"):
        put(store, 1, seen=1)
    with pytest.raises(NotAllowed, match="no such version"):
        put(store, 7, seen=1)


def test_nothing_is_saved_that_changes_nothing(store: Store) -> None:
    with pytest.raises(NotAllowed, match="nothing was changed"):
        written(store, f"  {THANKS.shipped}\n")
    written(store)
    with pytest.raises(NotAllowed, match="nothing was changed"):
        written(store)


def test_every_change_is_on_the_record_with_before_and_after(store: Store) -> None:
    written(store)
    put(store, 1)
    with store.write() as session:
        own_words.back_to_shipped(session, THANKS, seen=1, hand=ADA, now=NOW)
    with store.read() as session:
        lines = list(session.scalars(select(AuditRow).where(AuditRow.what.like("reply words%")).order_by(AuditRow.id)))
    assert [(line.who, line.what) for line in lines] == [
        ("Ada", "reply words written"),
        ("Grace", "reply words put in force"),
        ("Ada", "reply words as shipped"),
    ]
    before_and_after = [(line.detail["before"], line.detail["after"]) for line in lines]
    assert before_and_after == [
        (THANKS.shipped, KIND_WORDS),
        (THANKS.shipped, KIND_WORDS),
        (KIND_WORDS, THANKS.shipped),
    ]
    assert {(line.detail["lang"], line.detail["name"]) for line in lines} == {("en", "thanks")}


# --- what an office must still say


@pytest.mark.parametrize("name", sorted(set(PHRASE_KEYS) - MAY_BE_EMPTY))
def test_words_that_must_be_there_cannot_be_emptied(name: str) -> None:
    for nothing in ("", " \n ", "{{ year and '' }}"):
        assert faults(name, nothing), nothing


@pytest.mark.parametrize("name", sorted(MAY_BE_EMPTY))
def test_words_that_may_be_left_out_are_left_out_whole(name: str) -> None:
    entry = an_entry(verdict=Verdict.NEEDS_CONTEXT)
    style = samples.style_for(name)
    text = said(entry, kind="answer", style=style, own=((name, ""),)).text

    assert faults(name, "") == ()
    assert text != said(entry, kind="answer", style=style).text
    assert check(text, entry, office=OFFICE, kind="answer") == ()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *((name, "🤖 Drafted by software at {{ office }}.") for name in DISCLOSURES),
        *((name, "Checked by a person.") for name in DISCLOSURES),
        *((name, "{{ year or '🤖 Checked by a person.' }}") for name in DISCLOSURES),
        *((name, "Tell us to stop.") for name in EXITS),
        *((name, "Reply STOP.\nOr block us.") for name in EXITS),
    ],
)
def test_a_disclosure_and_a_way_out_say_what_they_must_in_every_wording(name: str, text: str) -> None:
    assert any("something is missing" in one.what for one in faults(name, text))


@pytest.mark.parametrize(
    ("text", "lacking"),
    [
        ("{{ url }} {{ disclosure }} {{ exit }}", "the finding"),
        ("{{ fact }} {{ disclosure }} {{ exit }}", "its source"),
        ("{{ fact }} {{ url }} {{ exit }}", "who drafted"),
        ("{{ fact }} {{ url }} {{ disclosure }}", "the way out"),
        ("{{ fact }} {{ url }} {{ care or disclosure }} {{ exit }}", "who drafted"),
        ("{{ fact }} {{ url }} {{ disclosure }} {% if thanks %}{{ exit }}{% endif %}", "the way out"),
        ("{% if limits %}{% if debate %}{% else %}{{ fact }}{% endif %}{% endif %}" + SOUND[10:], "the finding"),
    ],
)
def test_a_layout_gives_finding_source_disclosure_and_way_out_whatever_the_entry(text: str, lacking: str) -> None:
    assert any(lacking in one.what for one in faults("10-full", text))


def test_a_layout_may_hold_conditions_around_everything_else() -> None:
    text = SOUND + "{% if limits and care %}\n{{ limits }} {{ care }}{% else %}{{ debate or thanks }}{% endif %}"
    assert faults("10-full", text) == ()


@pytest.mark.parametrize("lang", languages())
def test_whatever_ships_would_pass_as_words_of_an_office(lang: str) -> None:
    words = shelf(lang)
    wrong = {name: faults(name, "\n".join(one.source for one in made)) for name, made in words.phrases.items()}
    wrong |= {rung.name: faults(rung.name, rung.words.source) for rung in words.rungs}

    assert {name: found for name, found in wrong.items() if found} == {}


# --- replies


def test_own_words_are_said_in_turn_and_everything_else_as_it_ships() -> None:
    own = (("thanks", "Hello.\nHow good that you ask."),)
    texts = [said(an_entry(), kind="answer", variant=step, own=own).text for step in range(2)]

    assert "Hello." in texts[0]
    assert KIND_WORDS in texts[1]
    assert texts[0].replace("Hello.", "Thanks for asking.") == said(an_entry(), kind="answer").text


def test_an_own_layout_takes_the_place_of_the_shipped_one_and_is_named_so() -> None:
    draft = said(an_entry(), own=(("10-full", f"In short: {SOUND}"),))

    assert draft.text.startswith("In short: Moon rock is basalt.")
    assert draft.template == "en/10-full (ours)"


def test_a_language_that_borrows_layouts_borrows_the_shipped_ones_not_ours() -> None:
    own = (("10-full", f"In short: {SOUND}"),)

    assert not said(an_entry(), lang="de").text.startswith("In short")
    assert said(an_entry(), lang="de", own=own).template == "de/10-full (ours)"


def test_a_shelf_is_built_once_for_the_same_words() -> None:
    assert shelf("en", own=(("thanks", "Hi."),)) is shelf("en", own=(("thanks", "Hi."),))
    assert shelf("en", own=(("thanks", "Hi."),)) is not shelf("en")


def test_sentences_of_ours_need_no_source_even_after_the_words_have_changed() -> None:
    entry, own = an_entry(), (("short_exit", "Write STOP whenever our replies are unwelcome."),)
    text = said(entry, own=own, only=("30-brief-frame",)).text

    def carriers(*ever: tuple[str, str]) -> set[Carrier]:
        return {one.carrier for one in support(text, entry, office=OFFICE, own=ever)}

    assert Carrier.NOTHING in carriers()
    assert Carrier.NOTHING not in carriers(*own)
    assert Carrier.NOTHING not in carriers(*own, ("short_exit", "STOP ends it."), ("exit", "{{ broken"))


def test_changes_take_effect_at_once_in_every_process(tmp_path: Path) -> None:
    small = SmallOffice(f"sqlite:///{tmp_path / 'office.db'}", tmp_path)
    before = small.asked(by="one")
    elsewhere = Store(small.store.url)  # another process changes the words
    row = written(elsewhere, KIND_WORDS)
    put(elsewhere, row.version, hand=GRACE)
    after = small.asked(by="two")

    assert before.draft
    assert KIND_WORDS not in before.draft
    assert KIND_WORDS in after.draft or "thanks" not in _layout(after.template)
    exits = Name(lang="en", name="short_exit", shipped="Reply STOP to opt out.")
    written(elsewhere, "STOP ends it.", what=exits)
    put(elsewhere, 1, what=exits)
    tight = Name(lang="en", name="tight_exit", shipped="Opt out: reply STOP.")
    written(elsewhere, "STOP ends it.", what=tight)
    put(elsewhere, 1, what=tight)
    assert "STOP ends it." in small.asked(by="three").draft
    elsewhere.close()
    small.store.close()


def test_an_own_phrase_is_said_in_its_style() -> None:
    draft = compose(
        an_entry(), kind="reply", fits=anything, office=OFFICE, style=Style.SOFT, own=(("soft", "So many say."),)
    )
    assert draft is not None
    assert "So many say." in draft.text


def _layout(label: str) -> frozenset[str]:
    return next(one.words.uses for one in shelf("en").rungs if one.label == label)


def test_a_draft_that_waits_may_still_be_approved_after_its_words_changed(office: WebWorld) -> None:
    case = office.case(office.of("rosa"))
    assert "Opt out" in case.draft or "opt out" in case.draft
    for name in EXITS:
        what = Name(lang="en", name=name, shipped=shelf("en").phrases[name][0].source)
        written(office.store, "STOP ends it.", what=what)
        put(office.store, 1, hand=replace(GRACE, practice=True), what=what)

    assert office.judgement.offers.unsupported(case, case.draft) == ()
    entry = office.judgement.offers.wordings(case)["full"]
    assert "STOP ends it." in entry


def test_broken_words_in_force_are_passed_over_and_reported(office: WebWorld) -> None:
    with office.store.write() as session:
        session.add(
            ReplyTemplateRow(
                lang="en", name="exit", version=1, text="{{ exit.x }}", state="in_force", by="x", by_id=1, at=NOW
            )
        )  # fmt: skip
    ((lang, name, why),) = office.judgement.workshop.troubles()

    assert (lang, name) == ("en", "exit")
    assert "looking inside a value" in why
    assert office.judgement.offers.wordings(office.case(office.of("rosa")))["full"]
