"""The page of one's own notifications: everybody sets their own, keys are shown once, addresses never again."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from bot.clock import SteeredClock
from bot.notices.messenger import Messenger
from bot.notices.things import Scene
from bot.notices.values import Channel, Wish
from bot.notices.wishes import Ways, Wishes
from bot.people import Role
from bot.store.engine import Store
from bot.store.models import JobRow
from bot.store.notice_models import NoticeChannelRow, NoticeMessageRow
from bot.store.office_models import AuditRow, SecretRow
from bot.vault import open_vault
from bot.web.app import create_app
from handlers.subjects import CRISIS
from tests.builders import NOW
from tests.notice_world import MINUTE, Way
from tests.small_office import SmallOffice
from tests.web_client import sign_in, token
from tests.web_world import WebWorld, a_world

PAGE = "/me/notifications"
HOOK = "https://hook.example/services/canary-path"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[WebWorld]:
    office = a_world(tmp_path, clock=SteeredClock(NOW))
    yield office
    office.store.close()


@pytest.fixture
def grace(office: WebWorld) -> TestClient:
    return sign_in(office)


def shown(client: TestClient, path: str = PAGE) -> str:
    return html.unescape(client.get(path).text)


def send(client: TestClient, path: str = "", **fields: str) -> str:
    """Send a form; what the next page says."""
    answer = client.post(PAGE + path, data={"csrf": token(client.get(PAGE).text)} | fields)
    if answer.status_code == 303:
        return shown(client, answer.headers["location"].partition("#")[0])
    return html.unescape(answer.text)


def record(office: WebWorld) -> list[tuple[str, str, object, object]]:
    with office.store.read() as session:
        lines = session.scalars(select(AuditRow).order_by(AuditRow.id))
        return [(one.who, one.what, one.detail.get("before"), one.detail.get("after")) for one in lines]


def test_the_name_in_the_frame_leads_to_the_page(grace: TestClient) -> None:
    assert 'href="/me"' in shown(grace, "/")
    assert f'href="{PAGE}"' in shown(grace, "/me")
    page = shown(grace)
    assert "Your notifications" in page
    assert page.count(f'action="{PAGE}') == 4  # three channels; topics and hours


def test_topics_and_hours_are_kept_for_each_person_and_on_the_record(office: WebWorld, grace: TestClient) -> None:
    page = send(grace, every="30", on_you="true", quiet_from="22:00", quiet_to="06:30", zone="Europe/Berlin")

    assert 'value="30"' in page
    assert "<option selected>Europe/Berlin</option>" in page
    assert re.search(r'name="on_you" value="true" checked', page)
    assert not re.search(r'name="new_cases" value="true" checked', page)
    assert 'value="15"' in shown(sign_in(office, "Ed", Role.EDITOR))
    who, _, before, after = next(line for line in record(office) if line[1] == "notifications changed")
    assert who == "Grace Hopper"
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert (before["every_minutes"], after["every_minutes"]) == (15, 30)
    assert "on_you" not in after, "only what changed is written down"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"every": "4"}, "every 5 minutes at most"),
        ({"every": "2000"}, "once a day at least"),
        ({"every": "15", "quiet_from": "22:00"}, "need a beginning and an end"),
        ({"every": "15", "quiet_from": "25:00", "quiet_to": "06:00"}, "like 22:00"),
        ({"every": "15", "quiet_from": "2:00", "quiet_to": "06:00"}, "like 22:00"),
        ({"every": "15", "zone": "../../etc/passwd"}, "from the list"),
        ({"every": "15", "zone": "Mars/Olympus"}, "from the list"),
        ({"every": "x"}, "Please check: every"),
    ],
)
def test_hours_that_make_no_sense_are_explained_and_not_kept(
    office: WebWorld, grace: TestClient, fields: dict[str, str], sentence: str
) -> None:
    assert sentence in send(grace, **fields)
    with office.store.read() as session:
        assert office.hands.wishes.of(session, 1) == Wish()


def test_a_key_is_shown_once_and_the_address_never_again(office: WebWorld, grace: TestClient) -> None:
    page = send(grace, "/webhook", address=HOOK, on="true")

    found = re.search(r'value="(whsec_[^"]+)"', page)
    assert found is not None
    assert len(base64.b64decode(found[1].removeprefix("whsec_"))) == 32
    again = shown(grace)
    assert "https://hook.example/…" in again
    assert "whsec_" not in again
    assert "canary-path" not in again
    with office.store.read() as session:
        kept = session.scalars(select(SecretRow.value)).one()
        assert office.hands.wishes.address(session, 1, Channel.WEBHOOK) == (HOOK, found[1])
        assert b"canary" not in kept
    assert not any("canary" in str(line) or "whsec" in str(line) for line in record(office))


def test_a_new_key_replaces_the_old_one_and_another_host_never_gets_it(office: WebWorld, grace: TestClient) -> None:
    def key() -> str:
        with office.store.read() as session:
            return office.hands.wishes.address(session, 1, Channel.WEBHOOK)[1]

    assert "no webhook to sign for" in send(grace, "/webhook/secret")
    send(grace, "/webhook", address=HOOK, on="true")
    first = key()
    assert "whsec_" not in send(grace, "/webhook", address=f"{HOOK}/other", on="true")
    assert key() == first
    assert "whsec_" in send(grace, "/webhook/secret")
    second = key()
    assert "whsec_" in send(grace, "/webhook", address="https://other.example/", on="true")
    assert len({first, second, key()}) == 3


@pytest.mark.parametrize(
    ("channel", "address", "sentence"),
    [
        ("mail", "", "write an address first"),
        ("mail", "grace@home.example, eve@evil.example", "no mail address"),
        ("mail", "grace@home.example\nBcc: eve@evil.example", "no mail address"),
        ("mail", f"{'g' * 250}@home.example", "no mail address"),
        ("webhook", "file:///etc/passwd", "only https:// addresses"),
        ("webhook", "https://127.1/", "four plain numbers"),
        ("webhook", "https://user:pass@hook.example/", "must not hold a name or password"),
        ("chat", "json://127.0.0.1/", "no apprise address"),
        ("chat", "matrixs://a:b@evil.example/#r", "not among those an administrator named"),
    ],
)
def test_an_address_that_is_none_is_refused_in_words(
    office: WebWorld, grace: TestClient, channel: str, address: str, sentence: str
) -> None:
    assert sentence.casefold() in send(grace, f"/{channel}", address=address, on="true").casefold()
    with office.store.read() as session:
        assert session.scalars(select(NoticeChannelRow)).all() == []


def test_a_channel_is_turned_off_and_on_and_removed(office: WebWorld, grace: TestClient) -> None:
    assert ">on</span>" in send(grace, "/mail", address="grace@home.example", on="true")
    assert ">off</span>" in send(grace, "/mail", address="")
    assert ">on</span>" in send(grace, "/mail", address="", on="true")
    assert "grace@home.example" not in send(grace, "/mail/remove")
    with office.store.read() as session:
        assert session.scalars(select(SecretRow)).all() == []
    told = [(what, before, after) for _, what, before, after in record(office) if "notifications" in what]
    assert told == [
        ("notifications by mail changed", "not set up", "on"),
        ("notifications by mail off", "on", "off"),
        ("notifications by mail on", "off", "on"),
        ("notifications by mail removed", "on", None),
    ]


def test_a_test_is_a_job_and_not_sent_twice_in_a_minute(office: WebWorld, grace: TestClient) -> None:
    assert "Set this channel up first" in send(grace, "/mail/test")
    send(grace, "/mail", address="grace@home.example", on="true")
    assert "A test is on its way" in send(grace, "/mail/test")
    assert "less than a minute ago" in send(grace, "/mail/test")
    with office.store.write() as session:
        session.get_one(NoticeMessageRow, 1).outcome = "sent"
    assert "The test was sent." in shown(grace)
    with office.store.read() as session:
        assert [job.payload for job in session.scalars(select(JobRow).where(JobRow.kind == "tell"))] == [{"message": 1}]


def test_a_channel_that_was_switched_off_says_so_in_inert_words(office: WebWorld, grace: TestClient) -> None:
    send(grace, "/mail", address="grace@home.example", on="true")
    with office.store.write() as session:
        row = session.get_one(NoticeChannelRow, (1, "mail"))
        row.on, row.failures, row.given_up_at, row.trouble = False, 12, NOW, "550 <script>alert(1)</script> \u202eno"

    page = grace.get(PAGE).text

    assert "after 12 failures in a row" in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\u202e" not in page
    assert "Switched off" not in send(grace, "/mail", address="", on="true")


def test_nobody_sees_or_changes_the_channels_of_another(office: WebWorld, grace: TestClient) -> None:
    send(grace, "/mail", address="grace@home.example", on="true")
    ed = sign_in(office, "Ed", Role.EDITOR)

    assert "grace@home.example" not in shown(ed)
    send(ed, "/mail/remove")
    assert "grace@home.example" in shown(grace)
    assert "Trouble: a source" not in shown(ed)


def test_a_channel_that_this_office_lacks_is_explained(office: WebWorld) -> None:
    poor = replace(office.hands, wishes=Wishes(vault=office.hands.wishes.vault, ways=Ways()))
    office.app = create_app(poor)
    client = sign_in(office)

    page = shown(client)
    assert "This office has no mail server." in page
    assert "which is not installed here" in page
    assert "cannot send over this channel" in send(client, "/mail", address="grace@home.example", on="true")
    assert client.post(f"{PAGE}/fax", data={"csrf": token(client.get(PAGE).text)}).status_code == 404


def test_a_post_from_somebody_in_danger_is_told_without_waiting_for_the_clock(tmp_path: Path) -> None:
    """The whole way: the post arrives, the office decides, the person is told, all in one go."""
    way = Way()
    wishes = Wishes(vault=lambda: open_vault(None, tmp_path), ways=Ways(mail=True))

    def messenger(store: Store, clock: SteeredClock) -> Messenger:
        return Messenger(
            store=store, clock=clock, wishes=wishes, ways={Channel.MAIL: way.send},
            scene=Scene(now=clock.now(), crisis=CRISIS, stop_flag=tmp_path / "STOP"), organisation="Org", base="https://d",
        )  # fmt: skip

    office = SmallOffice(f"sqlite:///{tmp_path / 'office.db'}", tmp_path, messenger=messenger)
    with office.store.write() as session:
        session.execute(
            AuditRow.metadata.tables["user"].insert(), {"name": "Grace", "role": "editor", "created_at": NOW}
        )
        wishes.set_channel(session, 1, Channel.MAIL, address="g@home.example", on=True, by="Grace", now=NOW)
    case = office.asked("@check I want to kill myself, I have the pills here")
    office.work()

    (letter,) = way.letters
    assert case.reason == CRISIS
    assert "may be in danger" in letter.subject
    assert f"https://d/case/{case.id}" in letter.text
    assert "pills" not in letter.text
    office.pass_time(MINUTE)
    office.store.close()
    assert len(way.letters) == 1
