"""Load an evidence pack, whole or not at all, and write one out. It never touches the store."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, BinaryIO, Literal

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.errors import BadPack
from bot.evidence.readers import (
    ESCAPED,
    FORMULA,
    SEPARATOR,
    RawRow,
    Trouble,
    as_stream,
    csv_rows,
    jsonl_rows,
    nearest,
    shorten,
)
from bot.evidence.rows import CITATION_COLUMNS, COLUMNS, LISTS, EntryRow, plain
from bot.model import Evidence

Kind = Literal["jsonl", "csv"]

MOST_TROUBLES = 200  # shown per pack: a person mends a few and tries again
REMEDIES = {
    "missing": "is missing: add it",
    "string_type": "must be text: put it in quotes",
    "int_type": "must be a whole number without quotes",
    "bool_type": "must be true or false, without quotes",
    "list_type": "must be a list in square brackets",
    "model_type": "must be an object in braces",
    "dict_type": "must be an object in braces",
    "string_unicode": "holds an unreadable character: delete it",
}


def load_pack(path: Path) -> tuple[Evidence, ...]:
    """Every entry of the pack at `path` (.csv or .jsonl). Raises BadPack with all row errors, or loads all."""
    kind: Kind = "csv" if path.suffix.lower() in {".csv", ".tsv"} else "jsonl"
    try:
        with path.open("rb") as stream:
            return read_pack(stream, kind=kind, name=path.name)
    except OSError as error:
        raise BadPack(
            f"cannot read the pack {path}: {error.strerror or error}. Check the path and its permissions.", rows=()
        ) from error


def starter_pack() -> tuple[Evidence, ...]:
    """The pack that ships with Scrutineer; none of its entries is signed off yet."""
    data = files("bot.evidence").joinpath("starter/starter.jsonl").read_bytes()
    return read_pack(data, kind="jsonl", name="starter.jsonl")


def read_pack(data: bytes | BinaryIO, *, kind: Kind, name: str = "the pack") -> tuple[Evidence, ...]:
    """Every entry of a pack in memory or in an open binary file. Raises BadPack; never loads a part."""
    stream = as_stream(data) if isinstance(data, bytes) else data
    entries: list[Evidence] = []
    troubles: list[Trouble] = []
    first_seen: dict[str, int] = {}
    more = 0
    for item in csv_rows(stream) if kind == "csv" else jsonl_rows(stream):
        new: list[Trouble] = []
        if isinstance(item, Trouble):
            new = [item]
        else:
            entry = _entry(item)
            if isinstance(entry, Evidence):
                entries.append(entry)
            else:
                new = entry
            new += _twin(item, first_seen)
        room = MOST_TROUBLES - len(troubles)
        troubles += new[:room]
        more += len(new[room:])
    if not entries and not troubles:
        raise BadPack(f"{name} holds no entry: nothing was loaded. Export it again.", rows=())
    if troubles:
        rows = tuple(str(trouble) for trouble in troubles) + ((f"and {more} more",) if more else ())
        count = len(troubles) + more
        raise BadPack(
            f"{name} was refused, nothing was loaded: {count} thing{'s' * (count != 1)} to mend. First: {rows[0]}",
            rows=rows,
        )
    return tuple(entries)


def read_row(fields: dict[str, Any]) -> Evidence | list[Trouble]:
    """One entry as a form or a table holds it, or everything to mend in it."""
    return _entry(RawRow(row=0, fields=fields))


def _twin(item: RawRow, first_seen: dict[str, int]) -> list[Trouble]:
    key = item.fields.get("id")
    if not isinstance(key, str):
        return []
    if (first := first_seen.setdefault(key.strip(), item.row)) != item.row:
        remedy = f"row {first} has the same id: give each entry its own, or delete one"
        return [Trouble(row=item.row, column="id", value=shorten(key), remedy=remedy)]
    return []


def _entry(item: RawRow) -> Evidence | list[Trouble]:
    try:
        return EntryRow.model_validate(item.fields).evidence()
    except ValidationError as error:
        return [_trouble(item.row, detail) for detail in error.errors(include_url=False)]


def _trouble(row: int, detail: ErrorDetails) -> Trouble:
    where = detail["loc"]
    column = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in where).lstrip(".")
    kind = detail["type"]
    if kind == "extra_forbidden":
        known = CITATION_COLUMNS if where[0] == "citations" and len(where) > 1 else COLUMNS
        name = str(where[-1])
        place = column[: -len(name)] + shorten(name)
        return Trouble(row=row, column=place, remedy=f"unknown field{nearest(name, known)}")
    if kind == "value_error":
        remedy = str(detail["ctx"]["error"])
    else:
        remedy = REMEDIES.get(kind, f"does not fit: {detail['msg'].lower()}")
    value = "" if kind == "missing" else shorten(detail["input"])
    return Trouble(row=row, column=column, value=value, remedy=remedy)


def to_jsonl(entries: Iterable[Evidence]) -> str:
    """The entries as a JSONL pack; `read_pack` gives back the same entries."""
    return "".join(json.dumps(plain(entry), ensure_ascii=False) + "\n" for entry in entries)


def to_csv(entries: Iterable[Evidence]) -> str:
    """The entries as a CSV pack that no spreadsheet will run; `read_pack` gives back the same entries."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for entry in entries:
        writer.writerow(list(_cells(entry)))
    return out.getvalue()


def _cells(entry: Evidence) -> Iterator[str]:
    for name, value in plain(entry).items():
        if name == "citations":
            cell = json.dumps(value, ensure_ascii=False) if value else ""
        elif name in LISTS:
            awkward = any("|" in item for item in value) or (value and value[0].startswith(("[", "'")))
            cell = json.dumps(value, ensure_ascii=False) if awkward else SEPARATOR.join(value)
        else:
            cell = "" if value is None else str(value)
        yield f"'{cell}" if FORMULA.match(cell) or ESCAPED.match(cell) else cell
