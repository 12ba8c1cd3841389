"""Webhooks: signed so that a receiver can check them, sent where they may go; and chat, through apprise."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest

from bot.clock import SteeredClock
from bot.errors import Refused, Unclear, Unreachable
from bot.notices import chat, webhook
from bot.notices.values import Kind, Letter, Thing, Topic
from bot.outgoing_guard import Guard, networks
from tests.builders import NOW
from tests.test_outgoing_guard import Receiver, status

LOOPBACK = networks(["127.0.0.0/8"])
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
A_CASE = Thing(
    key="new/1", topic=Topic.NEW, words="A draft waits, about “tea”.", path="/case/1", since=NOW - timedelta(minutes=9)
)
APPRISE_IS_OLD = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # it loads it itself


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def sender(clock: SteeredClock | None = None) -> webhook.Webhook:
    clock = clock or SteeredClock(NOW)
    return webhook.Webhook(guard=Guard(allowed=LOOPBACK), clock=clock, organisation="Org", base="https://desk.example")


def letter(address: str, **more: object) -> Letter:
    return Letter(
        number=7, kind=Kind.DIGEST, address=address, secret=SECRET, subject="1 new case · Org", text="A draft waits.\n",
        things=(A_CASE,), made_at=NOW, **more,
    )  # type: ignore[arg-type]  # fmt: skip


async def test_a_receiver_can_check_number_time_and_body_with_its_key(receiver: Receiver) -> None:
    await sender().send(letter(f"http://127.0.0.1:{receiver.port}/hook"))

    ((path, headers, body),) = receiver.heard
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert path == "/hook"
    assert headers["webhook-signature"] == f"v1,{wanted}"
    assert headers["webhook-timestamp"] == str(int(NOW.timestamp()))
    assert headers["content-type"] == "application/json"


def test_the_signature_is_the_one_of_the_standard() -> None:
    """The example of the Standard Webhooks' own libraries."""
    body = b'{"test": 2432232314}'

    found = webhook.sign(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)

    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_the_body_holds_counts_claims_ages_and_links(receiver: Receiver) -> None:
    await sender().send(letter(f"http://127.0.0.1:{receiver.port}/"))

    body = json.loads(receiver.heard[0][2])
    assert body["things"] == [
        {
            "topic": "new",
            "text": "A draft waits, about “tea”.",
            "url": "https://desk.example/case/1",
            "age_seconds": 540,
        }
    ]
    assert body["counts"] == {"crisis": 0, "on_you": 0, "expiring": 0, "new": 1, "trouble": 0}
    assert (body["id"], body["kind"], body["office"]) == ("scrutineer-7-1796126400", "digest", "Org")
    assert set(body) == {"id", "kind", "office", "made_at", "subject", "url", "counts", "things"}


async def test_a_further_try_has_the_same_number_and_a_fresh_time(receiver: Receiver) -> None:
    clock = SteeredClock(NOW)
    for _ in range(2):
        await sender(clock).send(letter(f"http://127.0.0.1:{receiver.port}/"))
        clock.advance(timedelta(minutes=6))

    first, second = (headers for _, headers, _ in receiver.heard)
    assert first["webhook-id"] == second["webhook-id"]
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 360
    assert first["webhook-signature"] != second["webhook-signature"]


@pytest.mark.parametrize("number", [301, 302, 307, 308])
async def test_a_redirect_is_refused_and_not_followed(receiver: Receiver, number: int) -> None:
    receiver.say = lambda one: status(one, number, location=f"http://127.0.0.1:{receiver.port}/inside")

    with pytest.raises(Refused, match="redirects are not followed"):
        await sender().send(letter(f"http://127.0.0.1:{receiver.port}/"))
    assert len(receiver.heard) == 1


@pytest.mark.parametrize("number", [400, 404, 410, 429, 500, 503])
async def test_only_a_status_of_two_hundred_counts_as_taken(receiver: Receiver, number: int) -> None:
    receiver.say = lambda one: status(one, number)

    with pytest.raises(Unreachable, match=f"answered {number}"):
        await sender().send(letter(f"http://127.0.0.1:{receiver.port}/"))


async def test_a_private_address_is_refused_unless_it_was_allowed(receiver: Receiver) -> None:
    strict = webhook.Webhook(guard=Guard(), clock=SteeredClock(NOW), organisation="Org", base="https://desk.example")

    with pytest.raises(Refused, match="private network"):
        await strict.send(letter(f"https://127.0.0.1:{receiver.port}/"))
    assert receiver.heard == []


def test_every_key_is_another_and_long_enough() -> None:
    keys = {webhook.new_secret() for _ in range(20)}

    assert len(keys) == 20
    assert {len(base64.b64decode(key.removeprefix("whsec_"))) for key in keys} == {32}


@pytest.mark.parametrize(
    "url",
    [
        *(
            "file:///etc/passwd",
            "json://127.0.0.1/",
            "xml://10.0.0.1/",
            "form://x/",
            "mailto://a:b@x.example",
            "dbus://",
        ),
        *("syslog://", "windows://", "macosx://", "https://hook.example/", "slack", "", "exec://ls", "apprise://x/y"),
        *("slack://a b", "slack://a\nb", "ntfys://chat.example\\@evil.example/t", "x" * 2000),
    ],
)
def test_only_chat_services_are_addresses_of_chat(url: str) -> None:
    with pytest.raises(Refused, match="no apprise address"):
        chat.read(url, ["chat.example"])


def test_a_server_of_ones_own_must_be_named_by_an_administrator() -> None:
    assert chat.read("slack://TokenA/TokenB/TokenC", []) == "Slack"
    assert chat.read("matrixs://ada:secret@Chat.Example/#room", ["chat.example"]) == "Matrix on chat.example"
    for url in ("matrixs://ada:secret@evil.example/#room", "ntfy://127.0.0.1/t", "gotify://chat.example@10.0.0.1/t"):
        with pytest.raises(Refused, match=r"notify\.chat_hosts"):
            chat.read(url, ["chat.example"])


@APPRISE_IS_OLD
async def test_a_chat_message_arrives_through_apprise(receiver: Receiver) -> None:
    receiver.say = lambda one: status(one, 200)

    await chat.Chat(own_hosts=("127.0.0.1",)).send(letter(f"ntfy://127.0.0.1:{receiver.port}/desk"))

    ((_, _, body),) = receiver.heard
    said = json.loads(body)
    assert (said["title"], said["message"].strip()) == ("1 new case · Org", "A draft waits.")


@APPRISE_IS_OLD
async def test_a_chat_that_refuses_redirects_or_hangs_is_told_without_its_address(receiver: Receiver) -> None:
    address = f"ntfy://ada:canary@127.0.0.1:{receiver.port}/desk"
    one = chat.Chat(own_hosts=("127.0.0.1",))

    def away(request: BaseHTTPRequestHandler) -> None:
        status(request, 302, location=f"http://127.0.0.1:{receiver.port}/inside?redirected")

    for say in (lambda request: status(request, 500), away):
        receiver.say = say
        with pytest.raises(Unreachable, match=r"ntfy on 127\.0\.0\.1 did not take the message") as caught:
            await one.send(letter(f"{address}?redirect=yes"))
        assert "canary" not in str(caught.value)
    assert not [path for path, *_ in receiver.heard if "redirected" in path]
    receiver.say = lambda _: receiver.gone.wait(60)  # type: ignore[assignment,return-value]
    with pytest.raises((Unclear, Unreachable)):
        await chat.Chat(own_hosts=("127.0.0.1",), seconds=0.5).send(letter(address))


@APPRISE_IS_OLD
async def test_what_apprise_does_not_understand_is_refused() -> None:
    with pytest.raises(Refused, match="does not understand"):
        await chat.Chat().send(letter("slack://"))
