"""The words of a message, and the same as data for machines. Pure; it knows counts, titles, ages and links only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.notices.values import Kind, Letter, Thing, Topic

MOST_LINES = 10  # of one topic; the rest is counted
LONGEST_SUBJECT = 150  # characters
COUNTED = {  # one, many
    Topic.CRISIS: ("person may be in danger", "people may be in danger"),
    Topic.ON_YOU: ("case waits for you", "cases wait for you"),
    Topic.EXPIRING: ("draft expires soon", "drafts expire soon"),
    Topic.NEW: ("new case", "new cases"),
    Topic.TROUBLE: ("thing to mend", "things to mend"),
}
HEADINGS = {
    Topic.CRISIS: "Please look now",
    Topic.ON_YOU: "Waiting for you",
    Topic.EXPIRING: "About to expire",
    Topic.NEW: "New in the queue",
    Topic.TROUBLE: "To mend",
}
TEST_SUBJECT = "This is a test"
TEST_TEXT = "This is the test that you asked for. Notifications reach you here."


def subject(kind: Kind, things: Iterable[Thing], organisation: str) -> str:
    """One line: what and how many, then whose office."""
    if kind is Kind.TEST:
        said = TEST_SUBJECT
    else:
        counted = Counter(thing.topic for thing in things)
        parts = [f"{counted[topic]} {COUNTED[topic][counted[topic] > 1]}" for topic in Topic if counted[topic]]
        said = ", ".join(parts)
    return one_line(f"{said} · {organisation}")[:LONGEST_SUBJECT]


def text(kind: Kind, things: Sequence[Thing], base: str, now: datetime) -> str:
    """The message in plain text."""
    if kind is Kind.TEST:
        parts = [TEST_TEXT]
    else:
        parts = [_chapter(topic, [one for one in things if one.topic is topic], base, now) for topic in Topic]
    parts.append(f"The queue: {base}/\nWhat you are told, and how: {base}/me/notifications")
    return "\n\n".join(part for part in parts if part) + "\n"


def data(letter: Letter, organisation: str, base: str, now: datetime) -> dict[str, Any]:
    """The message for a machine (see docs/how-to/get-notified.md)."""
    return {
        "id": letter.name,
        "kind": letter.kind.value,
        "office": one_line(organisation),
        "made_at": letter.made_at.isoformat(),
        "subject": letter.subject,
        "url": f"{base}/",
        "counts": {topic.value: sum(one.topic is topic for one in letter.things) for topic in Topic},
        "things": [
            {
                "topic": one.topic.value,
                "text": one.words,
                "url": base + one.path,
                "age_seconds": int((now - one.since).total_seconds()) if one.since else None,
            }
            for one in _shown(letter.things)
        ],
    }


def age(since: datetime, now: datetime) -> str:
    """How long ago, in one short word."""
    gap = max(now - since, timedelta(0))
    for size, unit in ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "min")):
        if gap >= size:
            return f"{gap // size} {unit}"
    return "less than a minute"


def one_line(words: str) -> str:
    """Words that may stand in a header: printable, on one line."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())


def _chapter(topic: Topic, things: Sequence[Thing], base: str, now: datetime) -> str:
    if not things:
        return ""
    lines = [f"{HEADINGS[topic]} ({len(things)})"]
    for one in things[:MOST_LINES]:
        since = f" ({age(one.since, now)})" if one.since else ""
        lines.append(f"- {one_line(one.words)}{since}\n  {base}{one.path}")
    if more := len(things) - MOST_LINES:
        lines += [f"- and {more} more"] if more > 0 else []
    return "\n".join(lines)


def _shown(things: Sequence[Thing]) -> list[Thing]:
    return [one for topic in Topic for one in [thing for thing in things if thing.topic is topic][:MOST_LINES]]
