"""Model values to JSON columns and back. The only place that knows how values are written down."""

from __future__ import annotations

import re
from typing import Any, TypeVar

from pydantic import TypeAdapter

from bot.model import Arrived, Blocked, Edited, Event, Vanished

T = TypeVar("T")

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # NUL is refused by PostgreSQL, lone surrogates by UTF-8
_EVENTS: dict[str, type[Event]] = {"arrived": Arrived, "edited": Edited, "vanished": Vanished, "blocked": Blocked}


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}


def _adapter(kind: Any) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def dump(value: Any) -> dict[str, Any]:
    """A frozen value as JSON-ready data. Characters that no database stores become U+FFFD."""
    plain: dict[str, Any] = _adapter(type(value)).dump_python(value)
    return _clean(plain)  # type: ignore[no-any-return]


def load(kind: type[T], data: Any) -> T:
    """The value again. Raises `pydantic.ValidationError` if the row is corrupt."""
    return _adapter(kind).validate_python(data)  # type: ignore[no-any-return]


def kind_of(event: Event) -> str:
    """The inbox kind: a post that reaches us in two ways (found, then asked) is two events."""
    if isinstance(event, Arrived):
        return f"arrived:{event.via}"
    return next(name for name, kind in _EVENTS.items() if isinstance(event, kind))


def load_event(kind: str, data: Any) -> Event:
    """The event that was stored under `kind`."""
    return load(_EVENTS[kind.partition(":")[0]], data)


def clean_text(text: str) -> str:
    """Text that every database can store."""
    return _UNSTORABLE.sub("\ufffd", text)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(str(value))
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value
