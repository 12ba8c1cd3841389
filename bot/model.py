"""The nouns of the office and the events that reach it. Frozen values only: no I/O, no platform, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from bot.grounds import Grounds


class Network(StrEnum):
    """The social networks we know. `FAKE` is a network in memory: demo, tests, dry run."""

    BLUESKY = "bluesky"
    MASTODON = "mastodon"
    FAKE = "fake"


class Stance(StrEnum):
    """What a post does with a claim (see the label rules in docs/reference/matching.md)."""

    ASSERTS = "asserts"
    DENIES = "denies"
    ASKS = "asks"
    REPORTS = "reports"
    UNRELATED = "unrelated"


class Verdict(StrEnum):
    """What the evidence says about a claim."""

    FALSE = "false"
    MISLEADING = "misleading"
    UNSUPPORTED = "unsupported"
    OUTDATED = "outdated"
    NEEDS_CONTEXT = "needs-context"


class Certainty(StrEnum):
    """GRADE certainty of a body of evidence."""

    HIGH = "high"
    MODERATE = "moderate"
    LOW = "low"
    VERY_LOW = "very low"


class Sensitivity(StrEnum):
    """How much care an entry needs before a reply may go out."""

    STANDARD = "standard"
    HIGH_CARE = "high-care"
    EXPERT_REVIEW = "expert-review"


class Action(StrEnum):
    """What a match leads to: a draft, a draft for a clinician, a hint to a person without a draft, or nothing."""

    DRAFT = "draft"
    EXPERT_REVIEW = "expert-review"
    SUGGEST = "suggest"
    NONE = "none"


class Basis(StrEnum):
    """The consent basis of an outgoing action: who asked us to speak (docs/reference/manners.md)."""

    MENTION_AUTHOR = "mention_author"
    REPLY_TO_BOT = "reply_to_bot"
    SUMMONER = "summoner"
    SERVER_CONSENT = "server_consent"
    NONE = "none"


class Visibility(StrEnum):
    """Who can see a post. Bluesky posts are always public."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    PRIVATE = "private"
    DIRECT = "direct"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """Where a post lives.

    `uri` is the global identity (at-uri on Bluesky, ActivityPub id on Mastodon).
    `version` changes when the post is edited (CID on Bluesky, edit time on Mastodon).
    `local_id` is the id under which our account's server knows the post; only its adapter reads it.
    """

    network: Network
    uri: str
    version: str = ""
    local_id: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What makes two references the same post, whatever their version."""
        return (self.network, self.uri)


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """An account. `id` is stable for life (DID on Bluesky, actor URL on Mastodon); `handle` may change.

    `known` is False when only the id was in the event and the profile was not read yet: gates then fail closed.
    """

    network: Network
    id: str
    handle: str = ""
    display_name: str = ""
    bio: str = ""  # plain text of profile, fields included
    is_bot: bool = False
    is_locked: bool = False
    blocks_us: bool = False
    follows_us: bool = False
    created_at: datetime | None = None
    followers: int = 0  # 0 also where nobody told us
    url: str = ""
    local_id: str = ""
    known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """Somebody named in a post. `id` may be empty if the text alone named them."""

    id: str
    handle: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One post, as plain text with line breaks. The text is data: never markup, never a template."""

    ref: Ref
    author: Author
    text: str
    created_at: datetime
    langs: tuple[str, ...] = ()
    visibility: Visibility = Visibility.PUBLIC
    tags: tuple[str, ...] = ()  # case-folded, without '#'
    mentions: tuple[Mention, ...] = ()
    links: tuple[str, ...] = ()  # full URLs, as the author gave them
    media_alts: tuple[str, ...] = ()  # one alt text per picture or film, empty where none was given
    reply_to: Ref | None = None
    root: Ref | None = None
    quotes: Ref | None = None
    url: str = ""  # for people
    mentions_us: bool = False
    replies_allowed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What stands around a post, as far as readable: the thread above it (root first), and the post that it quotes
    or, if it quotes none, that the one directly above it quotes."""

    above: tuple[Post, ...] = ()
    quoted: Post | None = None

    @property
    def parent(self) -> Post | None:
        """The post directly above, if there is one and it could be read."""
        return self.above[-1] if self.above else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A post was seen: `via` says how (see `Via`)."""

    post: Post
    via: str


class Via:
    """How a post reached us."""

    TAG = "tag"
    MENTION = "mention"
    ANSWER = "answer"  # somebody replied to a post of ours
    TAKEN_UP = "taken_up"  # a person here took a suggestion up: read it as if the matcher were sure


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A post we know was changed by its author."""

    post: Post


@dataclass(frozen=True, slots=True, kw_only=True)
class Vanished:
    """A post we know is gone: deleted, or no longer visible to us."""

    ref: Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """Somebody blocked our account: the plainest opt-out there is."""

    author: Author


Event = Arrived | Edited | Vanished | Blocked


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A source an evidence entry stands on. `flagged` holds why it may not be used (retracted, concern …)."""

    key: str
    title: str
    first_author: str = ""
    journal: str = ""
    year: int | None = None
    doi: str = ""
    pmid: str = ""
    url: str = ""
    verified: bool = False
    verification_level: str = ""
    flagged: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One version of one entry of the evidence table."""

    id: str
    version: int = 1
    claim: str
    paraphrases: tuple[str, ...] = ()
    negations: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    verdict: Verdict
    correction_short: str
    correction_long: str = ""
    certainty: Certainty
    certainty_basis: str = ""
    topics: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    sensitivity: Sensitivity = Sensitivity.STANDARD
    limits: str = ""
    retraction_notes: str = ""
    citations: tuple[Citation, ...] = ()
    last_reviewed: date | None = None
    review_by: date | None = None
    status: str = "draft-needs-clinician-signoff"
    signed_off_by: str = ""
    signed_off_on: date | None = None  # unknown for signatures older than this field

    def why_not_publishable(self, today: date) -> tuple[str, ...]:
        """Every reason why nothing may be *published* from this entry today; empty when it may."""
        reasons = []
        if self.status != SIGNED_OFF or not self.signed_off_by:
            reasons.append("no clinician has signed off this entry")
        if self.review_by is None or today > self.review_by:
            reasons.append(f"its review date has passed ({self.review_by or 'none given'})")
        if not self.citations:
            reasons.append("it has no citation")
        for citation in self.citations:
            if not citation.verified:
                reasons.append(f"citation {citation.key} is not verified")
            if citation.flagged:
                reasons.append(f"citation {citation.key} is flagged: {citation.flagged}")
        return tuple(reasons)


SIGNED_OFF = "signed-off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What the matcher says about one post and the entry nearest to it.

    `score` 0..1: how sure the matcher is that the post takes `stance` on this entry's claim.
    `entry_id` None: no entry is near enough. `leave_alone`: why this person should not be addressed ("": no reason).
    """

    entry_id: str | None
    entry_version: int = 0
    stance: Stance
    score: float
    action: Action
    reasons: tuple[str, ...] = ()
    leave_alone: str = ""
    crisis: bool = False
    exemplar: str = ""
    runner_up: str | None = None
    grounds: Grounds = Grounds()

    @property
    def drafts(self) -> bool:
        """Whether the matcher is sure enough for a draft. A suggestion is not."""
        return self.action in (Action.DRAFT, Action.EXPERT_REVIEW)
