"""`scrutineer match`: posts in, one JSON object per post out. It needs no settings and no database.

It answers as if the author had asked us; whether we may speak to somebody is for the manners to say, not for it.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from bot.errors import BadModel, BadPack
from bot.evidence.pack import load_pack, starter_pack
from bot.evidence.readers import Trouble, lines, parse_json, shorten
from bot.matching.by_words import WordMatcher
from bot.matching.manifest import SHIPPED, STARTER_VECTORS
from bot.matching.matcher import Matcher
from bot.matching.models import shipped
from bot.matching.prefilter import Prefilter
from bot.matching.vectors import Vectors
from bot.model import Action, Evidence, Match, Stance

MOST_CONTEXT = 20  # posts around one post that are read
LONGEST_SHOWN = 600  # characters of a post
PRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # must not steer a terminal


NOT_READ = Match(
    entry_id=None,
    stance=Stance.UNRELATED,
    score=1.0,
    action=Action.NONE,
    reasons=("it shares too few telling words with any entry to be read",),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """What the caller wants."""

    explain: bool = False
    stream: bool = False


def match_file(
    posts: str, table: Path | None, out: TextIO, err: TextIO, *, explain: bool = False, stream: bool = False
) -> int:
    """Match every post of a JSONL file, or of standard input for "-". Returns the exit code.

    With `explain`, the answers are paragraphs for a person instead of JSON lines. With `stream`, posts that share too
    little with the table's words are answered without being read by the models.
    """
    how = How(explain=explain, stream=stream)
    try:
        if posts == "-":
            code = _run(_numbered(lines(sys.stdin.buffer)), table, out, err, how)
        else:
            with Path(posts).open("rb") as given:
                code = _run(_numbered(lines(given)), table, out, err, how)
        out.flush()
        return code
    except BrokenPipeError:
        # Whoever read our output has enough; without this, Python complains while closing stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        reason = getattr(error, "strerror", None) or error
        print(f"cannot read {shorten(posts, 200)}: {reason}. Check the path, or give - to read input.", file=err)
        return 2


def run_match(posts: Iterable[str], table: Path | None, out: TextIO, err: TextIO) -> int:
    """Match posts given as JSON lines. Returns 0, or 1 when a line was skipped, or 2 when nothing could be done."""
    return _run(enumerate(posts, start=1), table, out, err, How())


def _numbered(found: Iterable[tuple[int, str | Trouble, bool]]) -> Iterator[tuple[int, str | Trouble]]:
    return ((number, line) for number, line, _ in found)


def _run(numbered: Iterable[tuple[int, str | Trouble]], table: Path | None, out: TextIO, err: TextIO, how: How) -> int:
    try:
        entries = load_pack(table) if table else starter_pack()
    except BadPack as error:
        print("\n".join(error.rows) or str(error), file=err)
        print("the evidence pack was refused: mend it, or leave out --table to use the starter pack.", file=err)
        return 2
    matcher = _matcher(entries, err)
    filtered = Prefilter(entries) if how.stream else None
    skipped = 0
    for number, line in numbered:
        if not isinstance(line, Trouble) and not line.strip():
            continue
        try:
            answer = _answer(line, number, matcher, filtered, how)
        except ValueError as error:
            skipped += 1
            print(f"line {number}: skipped, {error}", file=err)
            continue
        print(answer, file=out)
    if skipped:
        print(f"{skipped} line{'s' * (skipped != 1)} skipped; every other line was answered.", file=err)
    return 1 if skipped else 0


def _matcher(entries: Sequence[Evidence], err: TextIO) -> Matcher | WordMatcher:
    """The matcher with the shipped models, or the one that only suggests when they are damaged."""
    try:
        models = shipped()
    except BadModel as error:
        print(f"matching only suggests: {error}", file=err)
        return WordMatcher(entries)
    return Matcher(entries, models, vectors=Vectors(models.reader, shipped=SHIPPED / STARTER_VECTORS))


def _answer(
    line: str | Trouble, number: int, matcher: Matcher | WordMatcher, filtered: Prefilter | None, how: How
) -> str:
    if isinstance(line, Trouble):
        raise ValueError(line.remedy)
    try:
        post = parse_json(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not valid JSON ({error.msg}): give one object per line") from error
    if not isinstance(post, dict):
        raise ValueError('not a JSON object: write {"id": …, "text": …}')
    text = post.get("text")
    if not isinstance(text, str):
        raise ValueError('"text" is missing or is not text: give the words of the post as a string')
    post_id = post.get("id", str(number))
    if filtered is not None and not filtered.passes(text):
        return unread(str(post_id), text) if how.explain else json.dumps(contract(post_id, NOT_READ))
    found = matcher.match(text, _context(post))
    if how.explain:
        return paragraph(str(post_id), text, found, matcher)
    return json.dumps(contract(post_id, found))


def _context(post: dict[str, Any]) -> tuple[str, ...]:
    """The posts around this one, nearest last; anything that is not text is passed over."""
    around = post.get("context")
    texts = [*(around if isinstance(around, list) else []), post.get("quoted_text"), post.get("reply_to_text")]
    return tuple(text for text in texts if isinstance(text, str) and text)[-MOST_CONTEXT:]


def contract(post_id: object, found: Match) -> dict[str, Any]:
    """One answer, with exactly the fields that are promised."""
    return {
        "id": post_id if isinstance(post_id, str | int) else str(post_id),
        "entry_id": found.entry_id,
        "stance": found.stance.value,
        "score": found.score,
        "action": found.action.value if found.drafts else Action.NONE.value,
        "leave_alone": bool(found.leave_alone),
        "why": list(found.reasons),
    }


def paragraph(post_id: str, text: str, found: Match, matcher: Matcher | WordMatcher) -> str:
    """One answer for a person: what is nearest, what was decided, why, and which words told most."""
    telling = matcher.telling(text, found)
    nearest = ", ".join(f"{entry} {score:.2f}" for entry, score, _ in matcher.candidates(text, n=3))
    told = [
        f"{post_id[:60]}: {' '.join(marked(text, telling).split())[:LONGEST_SHOWN]}",
        f"  {found.stance.value} {found.entry_id or 'no entry'}: {_action(found)} ({found.grounds.certainty:.2f} sure)",
        f"  nearest: {nearest or 'nothing'}",
        *(f"  - {reason}" for reason in found.reasons),
    ]
    if found.grounds.models:
        told.append(f"  models {found.grounds.models}")
    return PRINTABLE.sub("\ufffd", "\n".join(told)) + "\n"


def unread(post_id: str, text: str) -> str:
    """The answer for a person about a post of a stream that the models did not read."""
    told = f"{post_id[:60]}: {' '.join(text.split())[:LONGEST_SHOWN]}\n  nothing: {NOT_READ.reasons[0]}"
    return PRINTABLE.sub("\ufffd", told) + "\n"


def marked(text: str, telling: Sequence[str]) -> str:
    """The post with the words that told most between arrows, as far as they are found in it as they stand."""
    for piece in telling:
        if piece and piece in text:
            text = text.replace(piece, f"→{piece}←", 1)
    return text


def _action(found: Match) -> str:
    return {
        Action.DRAFT: "a draft",
        Action.EXPERT_REVIEW: "a draft for a clinician",
        Action.SUGGEST: "a suggestion to a person, no draft",
        Action.NONE: "nothing",
    }[found.action]
