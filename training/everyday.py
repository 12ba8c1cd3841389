"""`python -m training.everyday`: how often everyday posts use a word, for the filter before the models.

Every second post is counted; the others are for measuring the filter.
"""

from __future__ import annotations

import json
from collections import Counter

from bot.matching.prefilter import EVERYDAY, telling
from training.corpus import DATA, rows

POSTS = DATA / "everyday.jsonl"


def counted() -> list[str]:
    """The posts whose words are counted."""
    return [row["text"] for row in rows(POSTS)[::2]]


def kept_apart() -> list[str]:
    """The posts that measure the filter."""
    return [row["text"] for row in rows(POSTS)[1::2]]


def count(posts: list[str]) -> dict[str, int]:
    """In how many posts a word stands, as `words` names it."""
    return dict(sorted(Counter(word for post in posts for word in telling(post)).items()))


if __name__ == "__main__":
    found = counted()
    EVERYDAY.write_text(
        json.dumps({"posts": len(found), "words": count(found)}, ensure_ascii=False, separators=(",", ":")) + "\n",
        encoding="utf-8",
    )
    print(f"{len(found)} posts counted, {len(kept_apart())} kept apart")
