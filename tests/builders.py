"""Values for tests, complete and harmless, so that a test shows only what matters to it. Builds; asserts nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.desk import Desk, Filed, House, Occasion, Said
from bot.life import State
from bot.model import (
    SIGNED_OFF,
    Action,
    Author,
    Basis,
    Certainty,
    Citation,
    Context,
    Evidence,
    Match,
    Mention,
    Network,
    Post,
    Ref,
    Stance,
    Verdict,
)

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
US = "us"  # the id of our own account
OUR_HANDLE = "check@office.example"
CLAIM = "vaccines cause autism"
ENTRY = "mmr-vaccine-autism"
NOTHING = Match(entry_id=None, stance=Stance.UNRELATED, score=0.0, action=Action.NONE)


def an_author(name: str = "ada", *, network: Network = Network.FAKE, **given: Any) -> Author:
    """A person whose profile was read and says nothing special. Their id is their name."""
    return Author(**{"network": network, "id": name, "handle": f"{name}@home.example", "display_name": name} | given)


def a_post(
    text: str = CLAIM,
    *,
    author: Author | str = "ada",
    network: Network = Network.FAKE,
    uri: str = "",
    version: str = "",
    under: Post | None = None,
    quoting: Post | None = None,
    mentions_us: bool = False,
    **given: Any,
) -> Post:
    """A public post of an hour ago. `under` and `quoting` are the posts it stands under and quotes."""
    who = an_author(author, network=network) if isinstance(author, str) else author
    values: dict[str, Any] = {
        "ref": Ref(network=network, uri=uri or f"{who.id}: {text[:40]}", version=version),
        "author": who,
        "text": text,
        "created_at": NOW - timedelta(hours=1),
        "mentions": (Mention(id=US, handle=OUR_HANDLE),) if mentions_us else (),
        "mentions_us": mentions_us,
        "reply_to": under.ref if under else None,
        "root": (under.root or under.ref) if under else None,
        "quotes": quoting.ref if quoting else None,
    }
    return Post(**values | given)


def some_evidence(entry_id: str = ENTRY, **given: Any) -> Evidence:
    """An entry that a clinician signed off and that may be published from at `NOW`."""
    values: dict[str, Any] = {
        "id": entry_id,
        "claim": "Vaccines such as MMR cause autism in children.",
        "verdict": Verdict.FALSE,
        "correction_short": "Children who get MMR are no more likely to be diagnosed with autism.",
        "certainty": Certainty.MODERATE,
        "citations": (a_citation(),),
        "last_reviewed": date(2026, 11, 22),
        "review_by": date(2027, 11, 22),
        "status": SIGNED_OFF,
        "signed_off_by": "Dr Grace Example",
    }
    return Evidence(**values | given)


def a_citation(**given: Any) -> Citation:
    """A verified source with nothing held against it."""
    values: dict[str, Any] = {
        "key": "hviid2019",
        "title": "Measles, Mumps, Rubella Vaccination and Autism: A Nationwide Cohort Study",
        "first_author": "Hviid A",
        "journal": "Annals of Internal Medicine",
        "year": 2019,
        "doi": "10.7326/M18-2101",
        "url": "https://doi.org/10.7326/M18-2101",
        "verified": True,
    }
    return Citation(**values | given)


def a_match(stance: Stance = Stance.ASSERTS, *, entry_id: str | None = ENTRY, **given: Any) -> Match:
    """What the matcher says about a post that surely takes this stance on a claim we know."""
    values: dict[str, Any] = {
        "entry_id": entry_id,
        "entry_version": 1,
        "stance": stance,
        "score": 0.95,
        "action": Action.DRAFT if stance is Stance.ASSERTS else Action.NONE,
        "reasons": ("closest to the claim itself",),
    }
    return Match(**values | given)


def a_house(network: Network = Network.FAKE, **given: Any) -> House:
    """The strict house that ships: nobody decided anything special."""
    return House(**{"network": network, "account_id": US, "ours": frozenset({US})} | given)


def reads(table: Mapping[str, Match]) -> Callable[[Post, Context], Match]:
    """A matcher that knows these texts (as the handler hands them over) and takes no interest in others."""
    return lambda post, context: table.get(post.text, NOTHING)


def a_desk(
    matching: Match | Mapping[str, Match] | None = None,
    *,
    house: House | None = None,
    above: Iterable[Post] = (),
    quoted: Post | None = None,
    opted_out: Iterable[str] = (),
    said: Iterable[Said] = (),
    filed: Filed | None = None,
) -> Desk:
    """A desk with nothing on it but how posts read: one match for all, or a match per text."""
    one = matching if isinstance(matching, Match) else None
    return Desk(
        now=NOW,
        house=house or a_house(),
        match=(lambda post, context: one) if one else reads(matching if isinstance(matching, Mapping) else {}),
        context=Context(above=tuple(above), quoted=quoted),
        opted_out=frozenset(opted_out),
        said=tuple(said),
        filed=filed,
    )


def we_said(to: str = "ada", *, days_ago: float = 1, thread: str = "another thread", uri: str = "our reply") -> Said:
    """A reply of ours."""
    return Said(author_id=to, thread_uri=thread, at=NOW - timedelta(days=days_ago), entry_id=ENTRY, remote_uri=uri)


def filed_as(state: State = State.PROPOSED, *, basis: Basis = Basis.MENTION_AUTHOR, locked: bool = False) -> Filed:
    """The case a post already has."""
    return Filed(case_id=1, state=state, basis=basis, locked=locked)


def an_occasion(**given: Any) -> Occasion:
    """Ada called us with a claim, a named person approved the draft, and every gate is open."""
    post = given.get("post", a_post(f"@check {CLAIM}", mentions_us=True))
    subject = given.get("subject", post)
    values: dict[str, Any] = {
        "now": NOW,
        "house": a_house(post.ref.network),
        "basis": Basis.MENTION_AUTHOR,
        "proof": post.ref.uri,
        "note": False,
        "lock": "",
        "post": post,
        "now_post": post,
        "author": post.author,
        "subject": subject,
        "now_subject": subject,
        "subject_author": subject.author,
        "opted_out": frozenset(),
        "said": (),
        "evidence": some_evidence(),
        "drafted_from": 1,
        "public": True,
        "sending": True,
        "stopped": "",
        "paused": "",
        "expires_at": NOW + timedelta(hours=23),
        "approved_by": "Grace",
        "match": a_match(),
    }
    return Occasion(**values | given)
