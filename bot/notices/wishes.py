"""What a person may set about their own notifications: topics, hours, addresses. It sends nothing itself.

Addresses and signing keys are kept in the vault; a page sees only as much of them as their owner needs to know them by.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from datetime import datetime, time, timedelta
from urllib.parse import urlsplit

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bot import audit, jobs
from bot.errors import NotAllowed, Refused
from bot.notices import chat, webhook
from bot.notices.quiet import zones
from bot.notices.values import Channel, Kind, Wish
from bot.outgoing_guard import read as read_address
from bot.store.notice_models import NoticeChannelRow, NoticeMessageRow, NoticeToldRow, NoticeWishRow
from bot.vault import Vault

SHORTEST, LONGEST = 5, 24 * 60  # minutes between two digests
BETWEEN_TESTS = timedelta(minutes=1)
LATELY = timedelta(minutes=10)  # how long the page tells of a test
LONGEST_ADDRESS = 254  # characters of a mail address
_MAIL = re.compile(r"[^\s@<>()\[\],;:\\\"]+@[^\s@<>()\[\],;:\\\"]+")
TELL = "tell"  # the kind of job that sends a message


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """Which channels this office has, and what may be reached."""

    mail: bool = False
    chat: bool = False
    chat_hosts: tuple[str, ...] = ()

    def has(self, channel: Channel) -> bool:
        """Can anything be sent over this channel?"""
        return {Channel.MAIL: self.mail, Channel.CHAT: self.chat}.get(channel, True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The wishes of everybody. `vault` is opened when it is needed first."""

    vault: Callable[[], Vault]
    ways: Ways = Ways()

    def of(self, session: Session, user_id: int) -> Wish:
        """What this person wants; the usual where they never said."""
        row = session.get(NoticeWishRow, user_id)
        return Wish(**{one.name: getattr(row, one.name) for one in fields(Wish)}) if row else Wish()

    def save(self, session: Session, user_id: int, wish: Wish, *, by: str, now: datetime) -> None:
        """Keep what they want. Raises `NotAllowed`."""
        if not SHORTEST <= wish.every_minutes <= LONGEST:
            raise NotAllowed(f"a digest comes every {SHORTEST} minutes at most, and once a day at least")
        if bool(wish.quiet_from) != bool(wish.quiet_to):
            raise NotAllowed("quiet hours need a beginning and an end; leave both empty for none")
        for one in filter(None, (wish.quiet_from, wish.quiet_to)):
            _time_of_day(one)
        if wish.zone not in zones():
            raise NotAllowed("choose a time zone from the list")
        before = self.of(session, user_id)
        if before == wish:
            return
        row = session.get(NoticeWishRow, user_id)
        if row is None:
            session.add(NoticeWishRow(user_id=user_id, **asdict(wish)))
        else:
            for name, value in asdict(wish).items():
                setattr(row, name, value)
        changed = [name for name, value in asdict(wish).items() if getattr(before, name) != value]
        was, will = ({name: getattr(one, name) for name in changed} for one in (before, wish))
        audit.note(session, who=by, what="notifications changed", now=now, before=was, after=will)

    def channels(self, session: Session, user_id: int) -> dict[Channel, NoticeChannelRow]:
        """The channels this person set up."""
        rows = session.scalars(select(NoticeChannelRow).where(NoticeChannelRow.user_id == user_id))
        return {Channel(row.channel): row for row in rows}

    def set_channel(
        self, session: Session, user_id: int, channel: Channel, *, address: str, on: bool, by: str, now: datetime
    ) -> str:
        """Set up a channel, or turn it on or off. Returns a new signing key, if one was made.

        An empty address keeps the one that is there. Raises `NotAllowed`.
        """
        if not self.ways.has(channel):
            raise NotAllowed("this office cannot send over this channel; ask an administrator")
        row = session.get(NoticeChannelRow, (user_id, channel.value))
        address, secret = address.strip(), ""
        if not address and row is None:
            raise NotAllowed("write an address first")
        before = "not set up" if row is None else _state(row)
        if address:
            shown = self._read(channel, address)
            if row is None:
                row = NoticeChannelRow(user_id=user_id, channel=channel.value, shown=shown, failures=0, trouble="")
                session.add(row)
            secret = self._keep(session, user_id, channel, address, now)
            row.shown = shown
        assert row is not None  # noqa: S101  either it was there, or an address was given
        row.on = on
        row.failures, row.trouble, row.retry_at, row.given_up_at = 0, "", None, None
        what = f"notifications by {channel} {'changed' if address else _state(row)}"
        audit.note(session, who=by, what=what, now=now, before=before, after=_state(row))
        return secret

    def drop_channel(self, session: Session, user_id: int, channel: Channel, *, by: str, now: datetime) -> None:
        """Forget a channel and its address."""
        row = session.get(NoticeChannelRow, (user_id, channel.value))
        if row is not None:
            session.delete(row)
            mine = (NoticeToldRow.user_id == user_id) & (NoticeToldRow.channel == channel.value)
            session.execute(delete(NoticeToldRow).where(mine))
            self.vault().forget(session, _name(user_id, channel))
            audit.note(session, who=by, what=f"notifications by {channel} removed", now=now, before=_state(row))

    def renew_secret(self, session: Session, user_id: int, *, by: str, now: datetime) -> str:
        """Another signing key for the webhook; the old one is worth nothing from now on. Raises `NotAllowed`."""
        address, _ = self.address(session, user_id, Channel.WEBHOOK)
        if not address:
            raise NotAllowed("there is no webhook to sign for")
        secret = webhook.new_secret()
        kept = json.dumps({"address": address, "secret": secret})
        self.vault().put(session, _name(user_id, Channel.WEBHOOK), kept, now=now)
        audit.note(session, who=by, what="webhook secret renewed", now=now)
        return secret

    def address(self, session: Session, user_id: int, channel: Channel) -> tuple[str, str]:
        """The address and the signing key ("" where there is none)."""
        kept = self.vault().get(session, _name(user_id, channel))
        found = json.loads(kept) if kept else {}
        return str(found.get("address", "")), str(found.get("secret", ""))

    def ask_test(self, session: Session, user_id: int, channel: Channel, *, now: datetime) -> None:
        """Have a test sent. Raises `NotAllowed`."""
        if not self.ways.has(channel) or session.get(NoticeChannelRow, (user_id, channel.value)) is None:
            raise NotAllowed("set this channel up first")
        lately = select(NoticeMessageRow.id).where(
            NoticeMessageRow.user_id == user_id,
            NoticeMessageRow.channel == channel.value,
            NoticeMessageRow.kind == Kind.TEST.value,
            NoticeMessageRow.made_at > now - BETWEEN_TESTS,
        )
        if session.scalar(lately.limit(1)) is not None:
            raise NotAllowed("a test was sent less than a minute ago; wait a moment")
        put_message(session, user_id, channel, Kind.TEST, (), now=now)

    def last_test(self, session: Session, user_id: int, channel: Channel, *, now: datetime) -> str | None:
        """How a test of the last minutes ended; "" while it is on its way, None if there was none."""
        lately = select(NoticeMessageRow.outcome).where(
            NoticeMessageRow.user_id == user_id,
            NoticeMessageRow.channel == channel.value,
            NoticeMessageRow.kind == Kind.TEST.value,
            NoticeMessageRow.made_at > now - LATELY,
        )
        return session.scalar(lately.order_by(NoticeMessageRow.id.desc()).limit(1))

    def _read(self, channel: Channel, address: str) -> str:
        """As much of the address as may be shown. Raises `NotAllowed` if it is none."""
        try:
            match channel:
                case Channel.MAIL:
                    if len(address) > LONGEST_ADDRESS or not _MAIL.fullmatch(address) or not address.isprintable():
                        raise Refused("this is no mail address")
                    return address
                case Channel.WEBHOOK:
                    found = read_address(address)
                    return f"{'https' if found.secure else 'http'}://{found.netloc}/…"
                case Channel.CHAT:
                    return chat.read(address, self.ways.chat_hosts)
        except Refused as error:
            raise NotAllowed(str(error)) from error

    def _keep(self, session: Session, user_id: int, channel: Channel, address: str, now: datetime) -> str:
        """Put the address away; a webhook whose host is new gets a new key, so that nobody else's is used for it."""
        old, secret = self.address(session, user_id, channel)
        made = ""
        if channel is Channel.WEBHOOK and (not secret or urlsplit(old).netloc != urlsplit(address).netloc):
            made = secret = webhook.new_secret()
        kept = json.dumps({"address": address, "secret": secret})
        self.vault().put(session, _name(user_id, channel), kept, now=now)
        return made


def put_message(
    session: Session, user_id: int, channel: Channel, kind: Kind, things: tuple[str, ...], *, now: datetime
) -> NoticeMessageRow:
    """Write a message down, with the job that sends it."""
    row = NoticeMessageRow(
        user_id=user_id, channel=channel.value, kind=kind.value, things=list(things), made_at=now, outcome=""
    )
    session.add(row)
    session.flush()
    jobs.put(session, TELL, f"{TELL}:{row.id}", due_at=now, payload={"message": row.id})
    return row


def _name(user_id: int, channel: Channel) -> str:
    return f"notice/{user_id}/{channel}"


def _state(row: NoticeChannelRow) -> str:
    return "on" if row.on else "off"


def _time_of_day(text: str) -> None:
    try:
        sound = bool(re.fullmatch(r"\d\d:\d\d", text, re.ASCII)) and time.fromisoformat(text) is not None
    except ValueError:
        sound = False
    if not sound:
        raise NotAllowed("write quiet hours like 22:00")
