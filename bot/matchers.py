"""The matcher for the evidence table as it is now: built once per version of the table, while the office goes on.

It opens the models at the first post; if a file is missing or altered, it says so and matches by words only.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from bot.errors import BadModel
from bot.evidence import registry
from bot.matching.by_words import WordMatcher
from bot.matching.manifest import SHIPPED, STARTER_VECTORS
from bot.matching.matcher import Matcher
from bot.matching.models import Models, Rereading, shipped
from bot.matching.retrieve import exemplars
from bot.matching.vectors import Vectors
from bot.model import Action, Evidence, Match

MANY = 400  # texts the reader has not read yet; more are read in the background, while the old table answers
REMEMBERED = 256  # matches
VECTORS = "vectors.npz"  # in the data directory

AnyMatcher = Matcher | WordMatcher


class Matchers:
    """Hands out the matcher in force. Safe to use from several threads."""

    def __init__(self, data: Path | None = None, models: Callable[[], Models] = shipped) -> None:
        """`data` is the folder where places of texts are kept between starts."""
        self._data = data
        self._open = models
        self._lock = threading.Lock()
        self._opened: tuple[Models, Vectors] | None = None
        self._now: tuple[str, AnyMatcher] | None = None
        self._building: str = ""
        self._lately: OrderedDict[tuple[str, bytes], Match] = OrderedDict()
        self.trouble = ""  # why only words are compared; "" while the models are there

    def of(self, session: Session) -> AnyMatcher:
        """The matcher for the table as this session sees it; a large change takes effect when it has been read."""
        version = registry.table_version(session)
        with self._lock:
            if self._now is not None and self._now[0] == version:
                return self._now[1]
            entries = registry.in_force(session)
            if self._now is not None and self._large(entries):
                if self._building != version:
                    self._building = version
                    threading.Thread(target=self._later, args=(version, entries), daemon=True).start()
                return self._now[1]
            self._now = (version, self._build(version, entries))
            return self._now[1]

    def trying(self, session: Session, entry_id: str, proposed: Evidence | None) -> tuple[AnyMatcher, AnyMatcher]:
        """The matcher in force, and one whose table holds `proposed` in the place of this entry (None: lacks it)."""
        now = self.of(session)
        entries = [one for one in registry.in_force(session) if one.id != entry_id]
        entries += [proposed] if proposed else []
        if not isinstance(now, Matcher) or self._opened is None:
            return now, WordMatcher(entries)
        models, memory = self._opened
        reading = Rereading(models)
        return now.with_models(reading), Matcher(entries, reading, vectors=memory.apart(), weights=now.weights)

    def match(self, session: Session, text: str, around: tuple[str, ...], langs: tuple[str, ...], today: date) -> Match:
        """What a post does with the nearest entry, with the telling words where a person will see them.

        An event is decided in several steps that read the same post: the last answers are remembered.
        """
        matcher = self.of(session)
        told = json.dumps([text, around, langs, today.isoformat()])
        key = (matcher.table, hashlib.sha256(told.encode()).digest())
        with self._lock:
            if key in self._lately:
                self._lately.move_to_end(key)
                return self._lately[key]
        found = matcher.match(text, around, langs, today)
        if found.entry_id is not None and found.action is not Action.NONE:
            found = replace(found, grounds=replace(found.grounds, telling=matcher.telling(text, found)))
        with self._lock:
            self._lately[key] = found
            while len(self._lately) > REMEMBERED:
                self._lately.popitem(last=False)
        return found

    def _large(self, entries: Sequence[Evidence]) -> bool:
        return self._opened is not None and len(self._opened[1].missing(_texts(entries))) > MANY

    def _later(self, version: str, entries: Sequence[Evidence]) -> None:
        found = self._build(version, entries)
        with self._lock:
            if self._building == version:
                self._now, self._building = (version, found), ""

    def _build(self, version: str, entries: Sequence[Evidence]) -> AnyMatcher:
        opened = self._models()
        if opened is None:
            return WordMatcher(entries, table=version)
        models, memory = opened
        found = Matcher(entries, models, vectors=memory, table=version)
        memory.keep_only(_texts(entries))
        return found

    def _models(self) -> tuple[Models, Vectors] | None:
        if self._opened is None and not self.trouble:
            try:
                models = self._open()
            except BadModel as error:
                self.trouble = f"matching only suggests: {error}"
                structlog.get_logger().error("matching is degraded", why=str(error))
                return None
            kept = self._data / VECTORS if self._data else None
            self._opened = (models, Vectors(models.reader, kept, SHIPPED / STARTER_VECTORS))
        return self._opened


def _texts(entries: Sequence[Evidence]) -> list[str]:
    return [one.text for entry in entries for one in exemplars(entry)]
