"""Mail, through a real server on loopback: it arrives, it is protected, and trouble is told for what it is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bot.errors import BadSettings, PlatformError, Refused, Unclear, Unreachable
from bot.notices import words
from bot.notices.mail import Mailer
from bot.notices.values import Kind, Letter, Thing, Topic
from bot.settings import Settings, load
from bot.settings_notify import MailSettings
from tests.builders import NOW
from tests.servers.certificates import self_signed
from tests.servers.mail import mail_server, silent_server

SENDER = "The desk <desk@office.example>"


def mailer(port: int, **more: Any) -> Mailer:
    values: dict[str, Any] = {"host": "localhost", "port": port, "security": "none", "sender": SENDER, "seconds": 5}
    return Mailer(settings=MailSettings(**values | more))


def letter(**more: Any) -> Letter:
    values: dict[str, Any] = {
        "number": 7,
        "kind": Kind.DIGEST,
        "address": "grace@home.example",
        "subject": "1 new case · École de Médecine",
        "text": "A draft waits, about “tea”.\n.\nhttps://desk.example/case/1\n",
        "made_at": NOW,
    }
    return Letter(**values | more)


async def fails(port: int, **more: Any) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        await mailer(port, **more).send(letter())
    return caught.value


async def test_a_letter_arrives_as_it_was_written() -> None:
    async with mail_server() as box:
        await mailer(box.port).send(letter())

    (mail,) = box.mails
    assert box.envelopes == [("desk@office.example", ["grace@home.example"])]
    assert mail["From"] == SENDER
    assert mail["To"] == "grace@home.example"
    assert mail["Subject"] == "1 new case · École de Médecine"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == NOW
    assert mail.get_content().replace("\r\n", "\n") == letter().text
    assert mail.get_content_type() == "text/plain"


async def test_a_further_try_has_the_same_message_id_and_another_letter_has_not() -> None:
    async with mail_server() as box:
        for one in (letter(), letter(), letter(number=8)):
            await mailer(box.port).send(one)

    first, again, other = (str(mail["Message-ID"]) for mail in box.mails)
    assert first == again != other
    assert first.endswith("@office.example>")


async def test_starttls_and_a_password_go_together(tmp_path: Path) -> None:
    server, _ = self_signed(tmp_path, "localhost")
    more = {"security": "starttls", "ca_file": tmp_path / "ca.pem", "user": "ada", "password": "sesame"}
    async with mail_server(tls=server, require_starttls=True, auth_required=True) as box:
        await mailer(box.port, **more).send(letter())
        wrong = await fails(box.port, **more | {"password": "guess"})

    assert (box.secured, box.signed_in) == ([True], ["ada"])
    assert "refuses our sign-in" in str(wrong)
    assert "guess" not in str(wrong)


async def test_tls_from_the_first_byte(tmp_path: Path) -> None:
    server, _ = self_signed(tmp_path, "localhost")
    async with mail_server(implicit=server) as box:
        await mailer(box.port, security="tls", ca_file=tmp_path / "ca.pem").send(letter())

    assert len(box.mails) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_that_nobody_vouches_for_is_refused_unless_it_is_configured(
    tmp_path: Path, security: str
) -> None:
    server, _ = self_signed(tmp_path, "localhost")
    kind = {"tls": server} if security == "starttls" else {"implicit": server}
    async with mail_server(**kind) as box:
        trouble = await fails(box.port, security=security)
        elsewhere = await fails(box.port, security=security, host="127.0.0.1", ca_file=tmp_path / "ca.pem")

    for one in (trouble, elsewhere):
        assert isinstance(one, Refused)
        assert "certificate cannot be trusted" in str(one)
    assert box.mails == []


async def test_nothing_goes_in_the_clear_when_the_server_offers_no_starttls() -> None:
    async with mail_server() as box:
        trouble = await fails(box.port, security="starttls")

    assert isinstance(trouble, Refused)
    assert "does not offer" in str(trouble)
    assert box.mails == []


async def test_a_certificate_file_that_is_missing_is_the_administrators_matter(tmp_path: Path) -> None:
    server, _ = self_signed(tmp_path, "localhost")
    async with mail_server(tls=server) as box:
        trouble = await fails(box.port, security="starttls", ca_file=tmp_path / "nowhere.pem")

    assert "mail.ca_file cannot be read" in str(trouble)


@pytest.mark.parametrize(
    ("behaviour", "kind", "said"),
    [
        ({"to_recipients": "550 no such box"}, Refused, "refuses this address: 550 no such box"),
        ({"to_recipients": "452 box is full"}, Unreachable, "does not take this address now: 452"),
        ({"to_data": "554 looks like spam"}, Refused, "refuses the mail: 554"),
        ({"to_data": "451 try later"}, Unreachable, "does not take the mail now: 451"),
        ({"drops_after_data": True}, Unclear, "ended the connection"),
    ],
)
async def test_what_the_server_says_is_told_for_what_it_is(
    behaviour: dict[str, Any], kind: type[PlatformError], said: str
) -> None:
    async with mail_server() as box:
        for name, value in behaviour.items():
            setattr(box, name, value)
        trouble = await fails(box.port)

    assert isinstance(trouble, kind)
    assert said in str(trouble)


async def test_how_the_server_parts_does_not_matter_once_it_took_the_mail() -> None:
    async with mail_server() as box:
        box.drops_at_quit = True
        await mailer(box.port).send(letter())

    assert len(box.mails) == 1


async def test_nobody_there_and_nobody_who_answers() -> None:
    assert isinstance(await fails(9), Unreachable)
    async with silent_server() as port:
        trouble = await fails(port, seconds=1)
    assert isinstance(trouble, Unclear)
    assert "in time" in str(trouble) or "ended the connection" in str(trouble)


async def test_a_server_that_hangs_after_the_mail_is_left_behind() -> None:
    async with mail_server() as box:
        box.hangs_at_data = asyncio.Event()
        trouble = await fails(box.port, seconds=1)
        box.hangs_at_data.set()

    assert isinstance(trouble, Unclear)


@pytest.mark.parametrize(
    "more",
    [
        {"subject": "1 new case · Evil\r\nBcc: all@evil.example\r\n\r\nBuy"},
        {"subject": words.subject(Kind.DIGEST, [], "Org\nBcc: all@evil.example")},
        {"subject": "a\x00b\u2028c\u202ed\x0bBcc: x"},
    ],
)
async def test_no_words_become_a_header(more: dict[str, Any]) -> None:
    async with mail_server() as box:
        await mailer(box.port).send(letter(**more))

    (mail,) = box.mails
    assert set(mail.keys()) == {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
        *("Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
    }
    assert "\n" not in mail["Subject"]
    assert box.envelopes[0][1] == ["grace@home.example"]


@pytest.mark.parametrize("address", ["a@b.example\r\nBcc: all@evil.example", "a@b.example\nRCPT TO:<x@evil.example>"])
async def test_an_address_with_a_line_break_is_refused_before_any_connection(address: str) -> None:
    async with mail_server() as box:
        with pytest.raises(Refused, match="no mail address"):
            await mailer(box.port).send(letter(address=address))

    assert box.envelopes == []


def test_a_strangers_words_cannot_be_in_a_letter_by_its_making() -> None:
    """Everything a letter says comes from a thing; a title with line breaks stays on its line."""
    thing = Thing(key="new/1", topic=Topic.NEW, words="A draft waits,\nabout “tea”.", path="/case/1")

    text = words.text(Kind.DIGEST, [thing], "https://desk.example", NOW)

    assert "- A draft waits, about “tea”.\n  https://desk.example/case/1" in text


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"host": "mail.example"}, "mail.sender"),
        ({"host": "mail.example", "sender": "desk@x.example", "security": "none"}, "mail.security"),
        ({"sender": "a@b.example\nBcc: c@d.example"}, "one mail address"),
        ({"sender": "nobody"}, "one mail address"),
        ({"sender": "a@b.example, c@d.example"}, "one mail address"),
        ({"port": 0}, "port"),
        ({"security": "ssl"}, "security"),
    ],
)
def test_bad_settings_are_refused_by_name(given: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        MailSettings(**given)


def test_a_password_is_not_shown_with_the_fault(tmp_path: Path) -> None:
    file = tmp_path / "scrutineer.toml"
    for block in ('host = "mail.example"\npassword = "canary"', "password = 17171717"):
        file.write_text(f"[mail]\n{block}\n", encoding="utf-8")
        with pytest.raises(BadSettings) as caught:
            load(file)
        assert "canary" not in str(caught.value)
        assert "17171717" not in str(caught.value)


def test_mail_is_off_by_default_and_private_networks_are_closed() -> None:
    assert Settings().mail.host == ""
    assert Settings().notify.private_networks == []
