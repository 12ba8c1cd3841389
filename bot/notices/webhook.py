"""Send a letter as a signed web request, the way of the Standard Webhooks. The guard decides which addresses are asked.

The signature covers number, time and body; a receiver that refuses old times and known numbers cannot be played to.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass

from bot.errors import Refused, Unreachable
from bot.notices import words
from bot.notices.values import Letter
from bot.outgoing_guard import Guard
from bot.ports import Clock

PREFIX = "whsec_"  # so that nobody mistakes it for something else
BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Sends to the address of the letter."""

    guard: Guard
    clock: Clock
    organisation: str
    base: str

    async def send(self, letter: Letter) -> None:
        """Send it, once. Only a status of 2xx counts as taken."""
        now = self.clock.now()
        body = json.dumps(words.data(letter, self.organisation, self.base, now), ensure_ascii=False).encode()
        number, moment = letter.name, int(now.timestamp())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Scrutineer",
            "Webhook-Id": number,
            "Webhook-Timestamp": str(moment),
            "Webhook-Signature": sign(letter.secret, number, moment, body),
        }
        answer = await self.guard.post(letter.address, body, headers)
        if 300 <= answer.status < 400:
            raise Refused(f"the address answered {answer.status}: redirects are not followed")
        if not 200 <= answer.status < 300:
            raise Unreachable(f"the address answered {answer.status}")


def new_secret() -> str:
    """A fresh secret, as it is shown to its owner once."""
    return PREFIX + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def sign(secret: str, number: str, moment: int, body: bytes) -> str:
    """The signature over number, time and body."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.digest(key, f"{number}.{moment}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode()}"
