"""The labelled posts, their claims, and the split by claim. It reads files and never changes a label.

A split is by group of claims that mean the same: a twin in other words must not stand on both sides.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

DATA = Path(__file__).parent / "data"
GROUPS = DATA / "groups.json"
LEAVE_ALONE = ("leave_alone.jsonl", "leave_alone_2.jsonl")
OTHER = ("leave_alone", "everyday")  # beginnings of names of files without claims

STANCES = ("asserts", "denies", "asks", "reports", "unrelated")
UNRELATED = STANCES.index("unrelated")
ASSERTS = STANCES.index("asserts")

Part = Literal["train", "calibration", "heldout"]

# Claim groups set aside, half of the calibration's and most of the held-out's from the indirect files: the posts
# that matter most are those whose authors live a misconception rather than state it.
SET_ASIDE: dict[Part, tuple[int, int]] = {"heldout": (44, 10), "calibration": (52, 12)}  # indirect, other
LIVED = ("indirect_", "lived_")  # beginnings of the names of such files
TABLE = ("starter_table", "later_", "broad_")  # files that are only ever learnt from
SALT = "split-4"  # a new salt is a new split


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim with its exemplars. `key` is unique over all files, `group` is shared by claims of one meaning."""

    key: str
    group: str
    text: str
    asserting: tuple[str, ...]
    denying: tuple[str, ...]
    asking: tuple[str, ...]
    indirect: bool
    part: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A labelled post. `claim` is the position of its claim in the corpus."""

    id: str
    text: str
    claim: int
    stance: int
    lang: str
    leave_alone: bool
    crisis: bool
    context: str = ""  # the post that it answers


@dataclass(frozen=True, slots=True, kw_only=True)
class Lone:
    """A post labelled for the leave-alone model only: no claim."""

    text: str
    leave_alone: bool
    crisis: bool
    reason: str
    lang: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """All claims and posts, in the order of the files."""

    claims: tuple[Claim, ...]
    posts: tuple[Post, ...]

    def of(self, part: Part) -> list[int]:
        """Positions of the claims of one part."""
        return [number for number, claim in enumerate(self.claims) if claim.part == part]

    def posts_of(self, part: Part) -> list[int]:
        """Positions of the posts of one part."""
        return [number for number, post in enumerate(self.posts) if self.claims[post.claim].part == part]


def rows(path: Path) -> list[dict[str, Any]]:
    """The JSON objects of a file, one per line."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def files() -> list[Path]:
    """The files of labelled posts, in a fixed order."""
    return sorted(path for path in DATA.glob("*.jsonl") if not path.stem.startswith(OTHER))


@cache
def load(lessons: Path | None = None) -> Corpus:
    """Every claim and post, with groups and split; the `lessons` of an office are learnt from, too."""
    found = [(path.stem, row) for path in files() for row in rows(path)]
    found += [("later_lessons", row) for row in rows(lessons)] if lessons else []
    groups: dict[str, str] = json.loads(GROUPS.read_text(encoding="utf-8")) if GROUPS.exists() else {}
    keys = [f"{stem}/{row['claim_id']}" for stem, row in found]
    group_of = {key: groups.get(key, key) for key in keys}
    parts = split([(group_of[key], key.startswith(LIVED)) for key in keys])
    parts |= {group_of[key]: "train" for key in keys if key.startswith(TABLE)}
    claims = []
    posts = []
    for number, (key, (_, row)) in enumerate(zip(keys, found, strict=True)):
        exemplars = row["exemplars"]
        claims.append(
            Claim(
                key=key,
                group=group_of[key],
                text=row["claim"],
                asserting=tuple(exemplars["asserts"]),
                denying=tuple(exemplars["denies"]),
                asking=tuple(exemplars["asks"]),
                indirect=key.startswith(LIVED),
                part=parts[group_of[key]],
            )
        )
        posts += [
            Post(
                id=f"{key}#{place}",
                text=post["text"],
                claim=number,
                stance=STANCES.index(post["stance"]),
                lang=post["lang"],
                leave_alone=bool(post["leave_alone"]),
                crisis="crisis" in post["tags"],
                context=post.get("context", ""),
            )
            for place, post in enumerate(row["posts"])
        ]
    return Corpus(claims=tuple(claims), posts=tuple(posts))


def load_lone() -> list[Lone]:
    """The posts written for the leave-alone model."""
    return [
        Lone(
            text=row["text"],
            leave_alone=bool(row["leave_alone"]),
            crisis=bool(row["crisis"]),
            reason=row["reason"],
            lang=row["lang"],
        )
        for name in LEAVE_ALONE
        for row in (rows(DATA / name) if (DATA / name).exists() else [])
    ]


def split(members: Sequence[tuple[str, bool]]) -> dict[str, Part]:
    """Group → part. The order is a hash of the group's name, so that more claims move few others."""
    indirect: dict[str, bool] = defaultdict(bool)
    for group, is_indirect in members:
        indirect[group] |= is_indirect
    parts: dict[str, Part] = dict.fromkeys(indirect, "train")
    for kind in (True, False):
        order = sorted((group for group, one in indirect.items() if one is kind), key=_shuffled)
        start = 0
        for part, counts in SET_ASIDE.items():
            count = counts[0] if kind else counts[1]
            parts.update(dict.fromkeys(order[start : start + count], part))
            start += count
    return parts


def lone_part(post: Lone) -> Part:
    """The part of a leave-alone post: one in eight held out, one in eight for calibration."""
    place = int(_shuffled(post.text)[:8], 16) % 8
    return "heldout" if place == 0 else "calibration" if place == 1 else "train"


def _shuffled(name: str) -> str:
    return hashlib.sha256(f"{SALT}/{name}".encode()).hexdigest()
