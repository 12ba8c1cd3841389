"""Synthetic Jetstream v2 frames: always the same ones, about 3 kB on average, mixed like the public stream. Pure."""

from __future__ import annotations

import json
import random
from typing import Any

ONE_IN = 200  # frames that concern us: 0.5 %
US = "did:plc:" + "u" * 24
TAG = "MedEd"

_NSID = "network.bsky.jetstream.subscribeEvents"
_WORDS = ["the", "a", "of", "and", "train", "coffee", "ward", "student", "late", "again", "morning", "paper", "slide"]
_WORDS += ["rain", "garden", "match", "football", "nurse", "lecture", "picture", "cat", "tomorrow", "exam", "question"]
_WORDS += ["table", "window", "street", "music", "film", "river", "bread", "list", "idea", "team", "always", "never"]
_WORDS += ["really", "maybe", "über", "naïve", "日本", "привет", "🙂", "🌧️"]
_CID = "bafyrei" + "c" * 52

# kind of frame -> its share in percent; the mean size comes out at about 3 kB
_MIX = (("plain", 24), ("reply", 26), ("tags", 8), ("card", 18), ("pictures", 18), ("delete", 6))


def concerns(number: int, count: int) -> bool:
    """Is this one of the frames we look for? The last one always is, so that a reader knows when it is done."""
    return number % ONE_IN == ONE_IN // 2 or number == count - 1


def frames(count: int) -> list[bytes]:
    """`count` frames, numbered from 1."""
    dice = random.Random(20261125)
    return [_frame(dice, number, ours=concerns(number, count)) for number in range(count)]


def _frame(dice: random.Random, number: int, *, ours: bool) -> bytes:
    kinds, weights = zip(*_MIX, strict=True)
    kind = "tags" if ours else dice.choices(kinds, weights)[0]
    payload: dict[str, Any] = {
        "$type": f"{_NSID}#commit",
        "seq": number + 1,
        "did": f"did:plc:{dice.randrange(10**9):024d}",
        "time": "2026-11-25T10:00:00.000000Z",
        "witnessedAt": "2026-11-25T10:00:00.000000Z",
        "rev": "3l2aaaaaaaa22",
        "operation": "delete" if kind == "delete" else "create",
        "collection": "app.bsky.feed.post",
        "rkey": f"3l{number:011d}",
    }
    if kind != "delete":
        payload |= {"cid": _CID, "record": _record(dice, kind, number, ours=ours)}
    text = json.dumps({"$type": "message", "payload": payload}, ensure_ascii=False, separators=(",", ":"))
    return text.encode()


def _record(dice: random.Random, kind: str, number: int, *, ours: bool) -> dict[str, Any]:
    text = _words(dice, dice.randint(4, 45))
    record: dict[str, Any] = {
        "$type": "app.bsky.feed.post",
        "createdAt": "2026-11-25T10:00:00.000Z",
        "langs": ["en"],
        "text": text,
    }
    if kind == "tags":
        record["facets"] = [_tag(text, word) for word in (dice.choice(_WORDS) for _ in range(8))]
        if ours:
            feature = {"$type": "app.bsky.richtext.facet#mention", "did": US} if number % 2 else _tag(text, TAG)
            record["facets"].append(feature if number % 2 == 0 else {**_tag(text, TAG), "features": [feature]})
    elif kind == "reply":
        parent = {"uri": f"at://did:plc:{'b' * 24}/app.bsky.feed.post/3l{dice.randrange(10**11):011d}", "cid": _CID}
        record["reply"] = {"root": parent, "parent": parent}
    elif kind == "card":
        record["embed"] = {
            "$type": "app.bsky.embed.external",
            "external": {
                "uri": f"https://news.example/{number}/" + "-".join(_words(dice, 12).split()),
                "title": _words(dice, 16),
                "description": _words(dice, dice.randint(300, 1300)),
                "thumb": _blob("image/jpeg"),
            },
        }
    elif kind == "pictures":
        record["embed"] = {
            "$type": "app.bsky.embed.images",
            "images": [
                {"alt": _words(dice, dice.randint(60, 600)), "image": _blob("image/jpeg")}
                for _ in range(dice.randint(1, 4))
            ],
        }
    return record


def _words(dice: random.Random, count: int) -> str:
    return " ".join(dice.choices(_WORDS, k=count))


def _tag(text: str, word: str) -> dict[str, Any]:
    feature = {"$type": "app.bsky.richtext.facet#tag", "tag": word}
    return {"index": {"byteStart": 0, "byteEnd": min(4, len(text))}, "features": [feature]}


def _blob(kind: str) -> dict[str, Any]:
    return {"$type": "blob", "ref": {"$link": "bafkrei" + "d" * 52}, "mimeType": kind, "size": 214_003}
