"""The gates: each answers "" when it is open, else why it is closed. Asked when proposing and again when sending.

A gate sees an `Occasion` and nothing else; any error in one counts as closed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from bot.desk import Gate, Occasion
from bot.model import Author, Basis, Post, Visibility
from handlers.manners.consent import ASKED, Outcome, allows, outcome_of, why_not
from handlers.manners.limits import per_author, per_thread, thread_of
from handlers.manners.words import profile_word

AUDIENCE = {Visibility.PRIVATE: "followers only", Visibility.DIRECT: "only the people named in it"}
TOO_OLD = timedelta(hours=48)  # an uninvited-looking reply to an old post startles people and helps nobody


def approved(o: Occasion) -> str:
    """A named person approved these words."""
    return "" if o.approved_by.strip() else "no named person approved it"


def every_yes(o: Occasion) -> str:
    """Everybody whose yes is needed said yes to exactly these words."""
    return o.missing_yes


def unlocked(o: Occasion) -> str:
    """The case carries no lock."""
    return o.lock


def consent(o: Occasion) -> str:
    """The consent basis allows this outcome on this network, and its proof is stored."""
    outcome = outcome_of(o.basis, note=o.note)
    if not allows(o.basis, o.house.network, outcome):
        return why_not(o.basis, outcome)
    if not o.proof.strip():
        return "nothing on record shows who asked us"
    if o.basis is Basis.SERVER_CONSENT and not o.house.hashtag_replies:
        return "replies to hashtag posts are switched off again for this account"
    return ""


def not_stopped(o: Occasion) -> str:
    """Publishing is not stopped."""
    return f"publishing is stopped: {o.stopped}" if o.stopped else ""


def not_paused(o: Occasion) -> str:
    """The account is not paused."""
    return f"this account is paused: {o.paused}" if o.paused else ""


def sending_on(o: Occasion) -> str:
    """An administrator switched sending on, where anything reaches the public."""
    return "sending is switched off for this account" if o.public and not o.sending else ""


def post_there(o: Occasion) -> str:
    """The post we answer is still there."""
    return "" if o.now_post else "the post is gone"


def post_unchanged(o: Occasion) -> str:
    """The post we answer is as it was when the draft was made."""
    return "the author changed the post after the draft was made" if _changed(o.post, o.now_post) else ""


def subject_there(o: Occasion) -> str:
    """The post they asked about is still there."""
    return "" if _one_post(o) or o.now_subject else "the post they asked about is gone"


def subject_unchanged(o: Occasion) -> str:
    """The post they asked about is as it was when the draft was made."""
    if _one_post(o) or not _changed(o.subject, o.now_subject):
        return ""
    return "the post they asked about was changed after the draft was made"


def post_public(o: Occasion) -> str:
    """Both posts can be seen by everyone: our reply would show what they kept among few."""
    for post in (o.now_post, o.now_subject):
        if post and post.visibility not in (Visibility.PUBLIC, Visibility.UNLISTED):
            return f"the post was not written for everybody ({AUDIENCE[post.visibility]})"
    return ""


def replies_allowed(o: Occasion) -> str:
    """The author lets us reply (a note on our own timeline is no reply)."""
    if o.note or o.now_post is None or o.now_post.replies_allowed:
        return ""
    return "the author does not allow replies from us"


def author_known(o: Occasion) -> str:
    """The profiles of everybody concerned were read."""
    return "" if all(author.known for author in _people(o)) else "a profile could not be read: it may say 'no bots'"


def author_willing(o: Occasion) -> str:
    """The person we would answer did not opt out."""
    return "they opted out" if o.author.id in o.opted_out else ""


def subject_author_willing(o: Occasion) -> str:
    """The author of the post they asked about did not opt out."""
    if _one_person(o) or o.subject_author.id not in o.opted_out:
        return ""
    return "the author of the post they asked about opted out"


def no_profile_word(o: Occasion) -> str:
    """No profile concerned tells bots to stay away."""
    word = next(filter(None, (profile_word(author) for author in _people(o))), "")
    return f"their profile tells bots to stay away ({word})" if word else ""


def no_bot(o: Occasion) -> str:
    """Nobody concerned is a bot."""
    return "never talk to bots" if any(author.is_bot for author in _people(o)) else ""


def not_ours(o: Occasion) -> str:
    """Nobody concerned is an account of ours."""
    ours = o.house.ours | {o.house.account_id}
    return "one of our own accounts" if any(author.id in ours for author in _people(o)) else ""


def not_blocked(o: Occasion) -> str:
    """Nobody concerned blocks us."""
    return "they block us" if any(author.blocks_us for author in _people(o)) else ""


def not_locked_account(o: Occasion) -> str:
    """Nobody concerned keeps a locked account, unless it called us itself."""
    called = {o.author.id} if o.basis in ASKED else set()
    shy = any(author.is_locked and author.id not in called for author in _people(o))
    return "they keep a locked account and did not ask us" if shy else ""


def not_left_alone(o: Occasion) -> str:
    """What they wrote is nothing to leave in peace (illness, grief, crisis)."""
    if o.match is None:
        return "there is no record of what the post says"
    if o.match.crisis:
        return "the post may come from a person in crisis"
    return f"leave this person alone: {o.match.leave_alone}" if o.match.leave_alone else ""


def evidence_there(o: Occasion) -> str:
    """The evidence entry exists."""
    return "" if o.evidence else "the evidence entry is gone"


def evidence_unchanged(o: Occasion) -> str:
    """The evidence entry is the version the draft was made from."""
    if o.evidence is None or o.evidence.version == o.drafted_from:
        return ""
    return f"the evidence was changed after the draft was made (version {o.drafted_from}, now {o.evidence.version})"


def evidence_publishable(o: Occasion) -> str:
    """The evidence may be published from today, where anything reaches the public."""
    if o.evidence is None or not o.public:
        return ""
    return "; ".join(o.evidence.why_not_publishable(o.now.date()))


def author_not_tired(o: Occasion) -> str:
    """This person was not answered lately."""
    return per_author(o.said, o.author.id, days=o.house.days_between, now=o.now)


def thread_not_full(o: Occasion) -> str:
    """We have not spoken in this thread."""
    return per_thread(o.said, thread_of(o.post), most=o.house.per_thread)


def not_expired(o: Occasion) -> str:
    """The draft has not outlived its use."""
    return "the draft has expired" if o.expires_at is not None and o.now >= o.expires_at else ""


def not_too_old(o: Occasion) -> str:
    """A post that we would answer publicly is not older than 48 hours."""
    if outcome_of(o.basis, note=o.note) is not Outcome.REPLY_AUTHOR or o.now - o.post.created_at <= TOO_OLD:
        return ""
    return "the post is older than 48 hours"


GATES: tuple[tuple[str, Gate], ...] = (
    ("approved by a named person", approved),
    ("every yes that is needed", every_yes),
    ("not locked", unlocked),
    ("consent", consent),
    ("publishing not stopped", not_stopped),
    ("account not paused", not_paused),
    ("sending switched on", sending_on),
    ("post still there", post_there),
    ("post unchanged", post_unchanged),
    ("subject still there", subject_there),
    ("subject unchanged", subject_unchanged),
    ("post public", post_public),
    ("replies allowed", replies_allowed),
    ("profile known", author_known),
    ("author not opted out", author_willing),
    ("subject's author not opted out", subject_author_willing),
    ("no opt-out word in the profile", no_profile_word),
    ("not a bot", no_bot),
    ("not one of ours", not_ours),
    ("not blocking us", not_blocked),
    ("account not locked", not_locked_account),
    ("not to be left alone", not_left_alone),
    ("evidence exists", evidence_there),
    ("evidence unchanged", evidence_unchanged),
    ("evidence publishable", evidence_publishable),
    ("limit per author", author_not_tired),
    ("limit per thread", thread_not_full),
    ("draft not expired", not_expired),
    ("post not too old", not_too_old),
)


def closed(occasion: Occasion, gates: Iterable[tuple[str, Gate]] = GATES) -> tuple[tuple[str, str], ...]:
    """Every gate that is closed, with its reason. Empty: nothing forbids it."""
    answers = ((name, _ask(gate, occasion)) for name, gate in gates)
    return tuple((name, reason) for name, reason in answers if reason)


def _ask(gate: Gate, occasion: Occasion) -> str:
    try:
        reason = gate(occasion)
    except Exception as error:  # fail closed: whatever went wrong in a gate, it must never open it
        return f"this gate failed and counts as closed: {type(error).__name__}"
    return reason if isinstance(reason, str) else "this gate gave no answer and counts as closed"


def _people(o: Occasion) -> tuple[Author, ...]:
    return (o.author,) if _one_person(o) else (o.author, o.subject_author)


def _one_person(o: Occasion) -> bool:
    return o.subject_author.id == o.author.id


def _one_post(o: Occasion) -> bool:
    return o.subject.ref.key == o.post.ref.key


def _changed(then: Post, now: Post | None) -> bool:
    """A post that is gone has not changed: another gate speaks for that."""
    return now is not None and (now.ref.version != then.ref.version or now.text != then.text)
