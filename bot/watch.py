"""Which posts of a stream concern us: tags, mentions, answers, and posts we hold. Pure; every post passes it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from copy import copy

from bot.model import Via


def fold_tag(tag: str) -> str:
    """A tag as it is compared: case-folded, without '#'."""
    return tag.strip().lstrip("#＃").casefold()


class Watch:
    """Fulfils `ports.Concern`. `known` posts are those we hold or wrote; the worker keeps it up to date."""

    def __init__(self, *, tags: Iterable[str], ourselves: Iterable[str] = (), known: Iterable[str] = ()) -> None:
        self.tags = frozenset(fold_tag(tag) for tag in tags if fold_tag(tag))
        self.ourselves = frozenset(ourselves)  # our account ids
        self.read_up_to = 0  # the newest event of the inbox this watch has learnt of
        self._known = set(known)
        self._ours: set[str] = set()

    def for_account(self, ourselves: str) -> Watch:
        """The same watch for one account: what it holds is shared, who is 'we' is not."""
        one = copy(self)
        one.ourselves = frozenset({ourselves})
        return one

    def remember(self, uri: str, *, ours: bool = False) -> None:
        """From now on edits and deletions of this post, and answers to it if it is ours, concern us."""
        self._known.add(uri)
        if ours:
            self._ours.add(uri)

    def known(self, uri: str) -> bool:
        """Do we hold this post?"""
        return uri in self._known

    def post(self, text: str, tags: Collection[str], people: Collection[str], parents: Collection[str]) -> str:
        """How this post concerns us: being asked beats being answered beats being found; "" if it does not."""
        if people and not self.ourselves.isdisjoint(people):
            return Via.MENTION
        if parents and not self._ours.isdisjoint(parents):
            return Via.ANSWER
        if tags and not self.tags.isdisjoint(tags):
            return Via.TAG
        return ""
