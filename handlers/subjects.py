"""Which post is meant, and what it says: shared by the handlers. It decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.desk import Desk
from bot.model import Action, Author, Basis, Context, Match, Post, Stance
from handlers.manners.fold import own_words

ALREADY = "we have it already"
CRISIS = "crisis: the post may come from a person in danger; a person should look now, and no claim is attached"
LEFT_ALONE = "leave this person alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One post that may be meant, on whose asking we would speak about it, and what the matcher says."""

    post: Post
    basis: Basis
    match: Match

    @property
    def asserts(self) -> bool:
        """Does it make the claim, surely enough for a draft?"""
        return self.match.stance is Stance.ASSERTS and self.match.drafts

    @property
    def asks(self) -> bool:
        """Does it ask about a claim we know?"""
        return self.match.stance is Stance.ASKS and self.match.entry_id is not None

    @property
    def is_rebuttal(self) -> bool:
        """Does it deny or merely report a claim we know?"""
        return self.match.stance in (Stance.DENIES, Stance.REPORTS) and self.match.entry_id is not None


def is_ours(author: Author, desk: Desk) -> bool:
    """Is this one of our own accounts?"""
    return author.id == desk.house.account_id or author.id in desk.house.ours


def answers_us(post: Post, desk: Desk) -> bool:
    """Does this post stand directly under, or quote, a post of ours?"""
    around = (desk.context.parent, desk.context.quoted)
    if any(other is not None and is_ours(other.author, desk) for other in around):
        return True
    ours = {one.remote_uri for one in desk.said if one.remote_uri}
    return any(ref is not None and ref.uri in ours for ref in (post.reply_to, post.quotes))


def findings(post: Post, desk: Desk) -> tuple[Finding, ...]:
    """The posts a mention may be about, the likeliest first.

    Somebody else's post directly above, then the post quoted (by the mention, or by the post above it), then the
    mention's own words, then its author's own posts above it in the same thread.
    """
    return tuple(
        Finding(post=meant, basis=basis, match=_read(meant, context, desk))
        for meant, context, basis in _candidates(post, desk.context)
    )


def perhaps(match: Match) -> Match | None:
    """The match, if it is a suggestion: worth a person's look, but not a draft."""
    return match if match.action is Action.SUGGEST else None


def why_not(match: Match) -> str:
    """Why nothing is proposed about a post that reads like this."""
    if match.entry_id is None or match.stance is Stance.UNRELATED:
        return "it makes no claim we have evidence on"
    if match.stance is Stance.DENIES:
        return "they reject the claim: never correct somebody who is right"
    if match.stance is Stance.REPORTS:
        return "they report the claim without taking a side"
    if match.stance is Stance.ASKS:
        return "they ask about the claim, and did not ask us"
    return "not sure enough that they make the claim"


def _candidates(post: Post, context: Context) -> Iterator[tuple[Post, Context, Basis]]:
    """Whoever calls us about their own words asked for themself, wherever they stand; else they are a summoner."""
    above, quoted = context.above, context.quoted
    if above and above[-1].author.id != post.author.id:
        yield above[-1], Context(above=above[:-1]), Basis.SUMMONER
    if quoted is not None:
        own = quoted.author.id == post.author.id
        yield quoted, Context(), Basis.MENTION_AUTHOR if own else Basis.SUMMONER
    yield post, context, Basis.MENTION_AUTHOR
    for nr in range(len(above) - 1, -1, -1):
        if above[nr].author.id != post.author.id:
            break
        yield above[nr], Context(above=above[:nr]), Basis.MENTION_AUTHOR


def _read(post: Post, context: Context, desk: Desk) -> Match:
    words = own_words(post, desk.house.ours | {desk.house.account_id})
    return desk.match(replace(post, text=words), context)
