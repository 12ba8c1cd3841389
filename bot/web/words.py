"""The words pages use for states, bases and ages: words an editor knows. Pure; it never sees a post."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.life import State
from bot.model import Author, Basis, Certainty, Mention, Network, Post, Stance, Verdict, Visibility
from bot.rights import Role

STATES = {
    State.RECEIVED: "just arrived",
    State.IGNORED: "passed over",
    State.ESCALATED: "needs a person",
    State.PROPOSED: "waiting for you",
    State.APPROVED: "approved",
    State.SENDING: "being sent",
    State.UNKNOWN: "checking whether it arrived",
    State.PUBLISHED: "published",
    State.DECLINED: "declined",
    State.HANDED_OVER: "handed over",
    State.FILED: "filed",
    State.WITHDRAWN: "withdrawn",
    State.EXPIRED: "too late",
    State.FAILED: "could not be sent",
}
ROLES = {
    Role.ADMINISTRATOR: "administrator",
    Role.EDITOR: "editor",
    Role.CLINICAL_REVIEWER: "clinical reviewer",
    Role.EVIDENCE_CURATOR: "evidence curator",
    Role.AUDITOR: "auditor",
}
METHODS = {"link": "a link", "password": "password", "passkey": "passkey", "sso": "single sign-on"}
BROWSERS = ("Firefox", "Edg", "OPR", "Chrome", "Safari")  # in this order: each later one is named by those before it
SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux")
BASES = {
    Basis.MENTION_AUTHOR: "The author asked us: they mentioned our account in this post.",
    Basis.REPLY_TO_BOT: "The author answered a post of ours.",
    Basis.SUMMONER: "Somebody else asked us. They agreed to hear from us; the author of the claim did not.",
    Basis.SERVER_CONSENT: "Replies to posts with this hashtag were allowed by a recorded decision.",
    Basis.NONE: "Nobody asked us. The post was found by its hashtag.",
}
VERDICTS = {
    Verdict.FALSE: "false",
    Verdict.MISLEADING: "misleading",
    Verdict.UNSUPPORTED: "not supported by evidence",
    Verdict.OUTDATED: "outdated",
    Verdict.NEEDS_CONTEXT: "needs context",
}
CERTAINTIES = {
    Certainty.HIGH: "High: we are very confident in this.",
    Certainty.MODERATE: "Moderate: probably so, though new studies could change it.",
    Certainty.LOW: "Low: it may be so; new studies may well change it.",
    Certainty.VERY_LOW: "Very low: we are very uncertain.",
}
STANCES = {
    Stance.ASSERTS: "says the claim is true",
    Stance.DENIES: "says the claim is wrong",
    Stance.ASKS: "asks about the claim",
    Stance.REPORTS: "reports that others say it",
    Stance.UNRELATED: "is about something else",
}
NETWORKS = {Network.BLUESKY: "Bluesky", Network.MASTODON: "Mastodon", Network.FAKE: "practice network"}
LANGUAGES = {
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "it": "Italian",
    "nl": "Dutch",
    "pt": "Portuguese",
}
SOURCES = {"recorded": "Recorded practice feed", "public stream": "Bluesky's public stream, read-only"}
PARTS = {"notifications": "notifications", "jetstream": "public stream", "search": "search"}
STEPS = ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "min"))
MOST_ANCESTORS = 5  # Bluesky notifies this many authors above a reply


def state(value: str) -> str:
    """A state in words."""
    return STATES[State(value)]


def basis(value: str) -> str:
    """A consent basis in a sentence."""
    return BASES[Basis(value)]


def verdict(value: str) -> str:
    """A verdict in words."""
    return VERDICTS[Verdict(value)]


def certainty(value: str) -> str:
    """A certainty in a sentence."""
    return CERTAINTIES[Certainty(value)]


def stance(value: str) -> str:
    """What the post does with the claim."""
    return STANCES[Stance(value)]


def network(value: str) -> str:
    """A network's own name."""
    return NETWORKS[Network(value)]


def language(code: str) -> str:
    """A language by name, or by its code if we know no name."""
    return LANGUAGES.get(code.partition("-")[0].lower(), code)


def source(name: str) -> str:
    """Where posts come from, by a name an editor knows."""
    if name in SOURCES:
        return SOURCES[name]
    account, _, part = name.partition(":")
    return f"{account}, {PARTS.get(part, part)}" if part else account


def sentence(text: str) -> str:
    """The text as a sentence: a capital first, a full stop last."""
    text = text.strip()
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".!?…:" else ".")


def when(value: datetime, now: datetime) -> str:
    """How long ago, or how long from now, in one short word."""
    gap = now - value
    for size, unit in STEPS:
        if abs(gap) >= size:
            count = int(abs(gap) / size)
            return f"{count} {unit} ago" if gap > timedelta(0) else f"in {count} {unit}"
    return "just now" if gap >= timedelta(0) else "in a moment"


def name_of(author: Author | Mention) -> str:
    """The handle, with one @, or the id if there is none."""
    return f"@{author.handle.lstrip('@')}" if author.handle else author.id


def visibility(to: Network, *, note: bool) -> str:
    """Who will be able to see the reply."""
    if to is Network.FAKE:
        return "Only inside this office: the practice network reaches nobody."
    if to is Network.BLUESKY:
        return "Public: everything on Bluesky is."
    if note:
        return "A note on our own page, outside the public timelines (unlisted)."
    return f"In the thread for everyone, outside the public timelines ({Visibility.UNLISTED})."


def notified(to: Network, post: Post, above: tuple[Post, ...], address: str, *, note: bool) -> tuple[str, ...]:
    """Who will get a notification, by handle."""
    author = name_of(post.author)
    if note:
        return (author,) if address else ()
    if to is not Network.BLUESKY:
        return (author,)
    others = [name_of(one.author) for one in above[-MOST_ANCESTORS:]]
    return tuple(dict.fromkeys([author, *reversed(others)]))


def role(value: str) -> str:
    """What a person is here for, in words."""
    return ROLES[Role(value)]


def method(value: str) -> str:
    """How somebody signed in."""
    return METHODS.get(value, value)


def browser(agent: str) -> str:
    """A browser and its machine, as their owner knows them; never what it really says of itself, which is long."""
    short = {"Edg": "Edge", "OPR": "Opera"}
    name = next((short.get(one, one) for one in BROWSERS if one in agent), "A browser")
    system = next((one for one in SYSTEMS if one in agent), "")
    return f"{name}, {system}" if system else name
