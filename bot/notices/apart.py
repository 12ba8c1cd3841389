"""Run a slow call of somebody else's library in a thread of its own, and wait for it so long at most.

The thread is not one of the office's: when the other side never answers, it is left behind and ends with the process.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from bot.errors import Unclear

T = TypeVar("T")


async def apart(call: Callable[[], T], *, seconds: float) -> T:
    """What the call returns, or raises. Raises `Unclear` when it takes too long."""
    done: Future[T] = Future()
    done.set_running_or_notify_cancel()  # who stops waiting does not cancel it: nothing can

    def run() -> None:
        try:
            done.set_result(call())
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=run, name="notices", daemon=True).start()
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.wrap_future(done)
    except TimeoutError as error:
        raise Unclear(f"no answer within {seconds:g} seconds") from error
