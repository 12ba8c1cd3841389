"""`scrutineer match`: posts in, one JSON object per post out. It needs no settings and no database.

It answers as if the author had asked us; whether we may speak to somebody is for the manners to say, not for it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from bot.errors import BadPack
from bot.evidence.pack import load_pack, starter_pack
from bot.evidence.readers import Trouble, lines, parse_json, shorten
from bot.matching.matcher import Matcher
from bot.model import Match

MOST_CONTEXT = 20  # posts around one post that are read


def match_file(posts: str, table: Path | None, out: TextIO, err: TextIO) -> int:
    """Match every post of a JSONL file, or of standard input for "-". Returns the exit code."""
    try:
        if posts == "-":
            code = _run(_numbered(lines(sys.stdin.buffer)), table, out, err)
        else:
            with Path(posts).open("rb") as stream:
                code = _run(_numbered(lines(stream)), table, out, err)
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
    return _run(enumerate(posts, start=1), table, out, err)


def _numbered(found: Iterable[tuple[int, str | Trouble, bool]]) -> Iterator[tuple[int, str | Trouble]]:
    return ((number, line) for number, line, _ in found)


def _run(numbered: Iterable[tuple[int, str | Trouble]], table: Path | None, out: TextIO, err: TextIO) -> int:
    try:
        matcher = Matcher(load_pack(table) if table else starter_pack())
    except BadPack as error:
        print("\n".join(error.rows) or str(error), file=err)
        print("the evidence pack was refused: mend it, or leave out --table to use the starter pack.", file=err)
        return 2
    skipped = 0
    for number, line in numbered:
        if not isinstance(line, Trouble) and not line.strip():
            continue
        try:
            answer = _answer(line, number, matcher)
        except ValueError as error:
            skipped += 1
            print(f"line {number}: skipped, {error}", file=err)
            continue
        print(json.dumps(answer), file=out)
    if skipped:
        print(f"{skipped} line{'s' * (skipped != 1)} skipped; every other line was answered.", file=err)
    return 1 if skipped else 0


def _answer(line: str | Trouble, number: int, matcher: Matcher) -> dict[str, Any]:
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
    found = matcher.match(text, _context(post))
    return contract(post.get("id", str(number)), found)


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
        "action": found.action.value,
        "leave_alone": bool(found.leave_alone),
        "why": list(found.reasons),
    }
