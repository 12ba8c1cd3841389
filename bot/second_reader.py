"""Ask another model about a post: any endpoint that speaks the OpenAI chat protocol, local or hosted. Off by default.

Whatever goes wrong there is an answer, too: "no answer", and then nothing is more than a suggestion.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import anyio
import httpx
import structlog
from sqlalchemy.orm import Session

from bot.matching.second import LONGEST_ANSWER, SCHEMA, Answer, Question, parse
from bot.store.codec import clean_text
from bot.store.office_models import SecondReadingRow

MOST_TOKENS = 300
TOO_LONG = 4 * LONGEST_ANSWER  # bytes of a response
log = structlog.get_logger("second reader")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondReader:
    """One endpoint. `url` is the address up to and including `/v1`."""

    url: str
    model: str
    key: str = ""
    seconds: float = 20.0
    transport: httpx.AsyncBaseTransport | None = None

    async def ask(self, question: Question) -> Answer | str:
        """What it says, or why there is no answer. It never raises."""
        headers = {"authorization": f"Bearer {self.key}"} if self.key else {}
        body = {
            "model": self.model,
            "messages": question.messages(),
            "temperature": 0,
            "max_tokens": MOST_TOKENS,
            "response_format": SCHEMA,
        }
        timeout = httpx.Timeout(self.seconds, connect=min(self.seconds, 5.0))
        try:
            async with httpx.AsyncClient(
                timeout=timeout, follow_redirects=False, trust_env=False, transport=self.transport
            ) as client:
                told = await self._told(client, headers, body)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            told = f"{type(error).__name__}"
        if isinstance(told, str):
            log.warning("no second reading", why=told)
        return told

    async def _told(self, client: httpx.AsyncClient, headers: dict[str, str], body: dict[str, Any]) -> Answer | str:

        with anyio.move_on_after(self.seconds):
            url = f"{self.url.rstrip('/')}/chat/completions"
            async with client.stream("POST", url, headers=headers, json=body) as response:
                if response.status_code != 200:
                    return f"the endpoint answered {response.status_code}"
                read = b""
                async for part in response.aiter_bytes():
                    read += part
                    if len(read) > TOO_LONG:
                        return "its answer is too long"
            return _content(read)
        return f"no answer within {self.seconds:g} s"


def _content(read: bytes) -> Answer | str:
    try:
        found = json.loads(read)
        return parse(found["choices"][0]["message"]["content"])
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return "the endpoint did not answer as a chat endpoint does"


def kept(session: Session, model: str, question: Question) -> Answer | str | None:
    """What this model said of this question before; None if it was never asked."""
    row = session.get(SecondReadingRow, (model, question.key))
    if row is None:
        return None
    return Answer.model_validate(row.answer) if row.answer else row.trouble


def keep(session: Session, model: str, question: Question, answer: Answer | str, *, now: datetime) -> None:
    """Remember an answer, or that there was none, so that the same question is asked once."""
    session.merge(
        SecondReadingRow(
            model=model,
            key=question.key,
            answer=answer.model_dump() if isinstance(answer, Answer) else None,
            trouble=clean_text(answer) if isinstance(answer, str) else "",
            asked_at=now,
        )
    )
