"""From the bytes of a pack to plain rows: JSONL and CSV, line by line, in bounded memory.

A line that cannot be read becomes a `Trouble`; nothing here knows what the columns mean beyond their names.
"""

from __future__ import annotations

import csv
import difflib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from bot.evidence.rows import COLUMNS, LISTS, REQUIRED

LONGEST_LINE = 1_000_000  # bytes; the longest line of the starter pack has under 4,000
SEPARATOR = " | "  # between the items of a list in a CSV cell
FORMULA = re.compile(r"[=+\-@\t\r＝＋－＠]")  # a cell that begins so is run by spreadsheets (ASVS 1.2.10)
ESCAPED = re.compile(r"'+[=+\-@\t\r＝＋－＠]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing to mend: where it is, what stands there, and how to mend it."""

    row: int
    column: str = ""
    value: str = ""
    remedy: str

    def __str__(self) -> str:
        where = f"row {self.row}" + (f", column {self.column}" if self.column else "")
        return f"{where}{f' ({self.value})' if self.value else ''}: {self.remedy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRow:
    """One readable row, its columns not yet checked."""

    row: int
    fields: dict[str, Any]


def shorten(value: object, room: int = 40) -> str:
    """A value as an error may show it: short, on one line, and inert in a terminal."""
    text = value if isinstance(value, str) else repr(value)
    shown = text if len(text) <= room else text[:room] + "…"
    return ascii(shown) if any(not char.isprintable() for char in shown) else repr(shown)


def nearest(name: str, known: tuple[str, ...]) -> str:
    """The known name that somebody probably meant, as half a sentence, or nothing."""
    found = difflib.get_close_matches(name, known, n=1)
    return f", perhaps you meant {found[0]}" if found else f"; known are {', '.join(known)}"


def lines(stream: BinaryIO) -> Iterator[tuple[int, str | Trouble, bool]]:
    """Number, text (or trouble) and 'it ended with a line break' for each line. Over-long lines are skipped."""
    number = 0
    while chunk := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(chunk) > LONGEST_LINE and not chunk.endswith(b"\n"):
            while (more := stream.readline(LONGEST_LINE)) and not more.endswith(b"\n"):
                pass
            remedy = f"the line is longer than {LONGEST_LINE:,} bytes: one entry per line, please"
            yield number, Trouble(row=number, remedy=remedy), True
            continue
        if number == 1:
            if chunk.startswith((b"\xff\xfe", b"\xfe\xff")):
                yield 1, Trouble(row=1, remedy="the file is UTF-16: save it as UTF-8"), True
                return
            chunk = chunk.removeprefix(b"\xef\xbb\xbf")
        try:
            yield number, chunk.decode("utf-8"), chunk.endswith(b"\n")
        except UnicodeDecodeError as error:
            remedy = (
                f"byte {chunk[error.start]:#04x} at position {error.start + 1} is not UTF-8: save the file as UTF-8"
            )
            yield number, Trouble(row=number, remedy=remedy), True


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the field {shorten(twice)} stands there twice: keep one")
    return fields


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not JSON: write a number or null")


def parse_json(text: str) -> Any:
    """Strict JSON: no twin fields, no NaN. Raises ValueError (also for nesting that is too deep)."""
    try:
        return json.loads(text, object_pairs_hook=_no_twins, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def jsonl_rows(stream: BinaryIO) -> Iterator[RawRow | Trouble]:
    """Each line of a JSONL pack; blank lines are passed over."""
    for number, line, ended in lines(stream):
        if isinstance(line, Trouble):
            yield line
        elif line.strip():
            try:
                value = parse_json(line)
            except ValueError as error:
                syntax = isinstance(error, json.JSONDecodeError)
                detail = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
                cut = "the last line looks cut off; download it again. " if syntax and not ended else ""
                yield Trouble(row=number, value=shorten(line.strip()), remedy=f"{cut}not valid JSON: {detail}")
                continue
            if isinstance(value, dict):
                yield RawRow(row=number, fields=value)
            else:
                remedy = "not an entry: each line is one JSON object in braces"
                yield Trouble(row=number, value=shorten(line.strip()), remedy=remedy)


def csv_rows(stream: BinaryIO) -> Iterator[RawRow | Trouble]:
    """Each record of a CSV pack. Row 1 is the header, as a spreadsheet counts."""
    found: list[Trouble] = []

    def text_lines() -> Iterator[str]:
        for _, line, _ in lines(stream):
            if isinstance(line, Trouble):
                found.append(line)
                return
            yield line

    source = text_lines()
    header = next(source, "")
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(_chain(header, source), delimiter=delimiter, strict=True)
    number = 0
    names: list[str] = []
    try:
        for number, cells in enumerate(reader, start=1):
            if number == 1:
                names = [cell.strip() for cell in cells]
                if wrong := list(_header_troubles(names)):
                    yield from wrong
                    return
            elif any(cell.strip() for cell in cells):
                yield from _record(number, names, cells)
    except csv.Error as error:
        remedy = f"the CSV breaks off here ({error}): check the quotes, or export the file again"
        yield Trouble(row=number + 1, remedy=remedy)
    yield from found


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    if first:
        yield first
    yield from rest


def _header_troubles(names: list[str]) -> Iterator[Trouble]:
    for name in names:
        if name not in COLUMNS:
            yield Trouble(row=1, column=shorten(name), remedy=f"unknown column{nearest(name, COLUMNS)}")
        elif names.count(name) > 1:
            yield Trouble(row=1, column=name, remedy="the column stands there twice: keep one")
            return
    for name in REQUIRED:
        if name not in names:
            yield Trouble(row=1, column=name, remedy="the column is missing: add it")


def _record(number: int, names: list[str], cells: list[str]) -> Iterator[RawRow | Trouble]:
    if len(cells) > len(names):
        remedy = f"{len(cells)} cells under {len(names)} columns: put quotes around cells that hold a separator"
        yield Trouble(row=number, remedy=remedy)
        return
    fields: dict[str, Any] = {}
    sound = True
    for name, cell in zip(names, cells, strict=False):
        if FORMULA.match(cell):
            remedy = "begins like a spreadsheet formula: put a ' before it, or begin with a word"
            yield Trouble(row=number, column=name, value=shorten(cell), remedy=remedy)
            sound = False
            continue
        try:
            value = _value(name, cell[1:] if ESCAPED.match(cell) else cell)
        except ValueError as error:
            yield Trouble(row=number, column=name, value=shorten(cell), remedy=str(error))
            sound = False
            continue
        if value is not None:
            fields[name] = value
    if sound:
        yield RawRow(row=number, fields=fields)


def _value(name: str, cell: str) -> Any:
    """What a cell holds, or None when it is empty and the column may keep its default."""
    text = cell.strip()
    if not text and name not in REQUIRED:
        return None
    if name == "citations":
        return _json_cell(text, 'write the citations as a JSON list, as in [{"key": …}]')
    if name in LISTS:
        if text.startswith("["):
            return _json_cell(text, "write the list as JSON, or put ' | ' between its items")
        return [item.strip() for item in text.split("|") if item.strip()]
    if name == "version":
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise ValueError("is not a whole number: write digits only")
        return int(text)
    return text


def _json_cell(text: str, remedy: str) -> Any:
    try:
        value = parse_json(text)
    except ValueError as error:
        detail = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        raise ValueError(f"is not valid JSON ({detail}): {remedy}") from error
    if not isinstance(value, list):
        raise ValueError(f"is not a list: {remedy}")
    return value


def as_stream(data: bytes) -> BinaryIO:
    """Bytes in memory (an upload, a test) as a stream to read."""
    return io.BytesIO(data)
