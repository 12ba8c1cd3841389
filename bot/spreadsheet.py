"""Tables for spreadsheets: CSV in which nothing is computed, whatever the cells say. It reads and writes no file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # a spreadsheet would compute what begins so
MARK = "\ufeff"  # without it, Excel takes UTF-8 for something else


def cell(value: object) -> str:
    """A value as a spreadsheet shows it, never computes it."""
    if isinstance(value, int | float):
        return str(value)
    text = "" if value is None else json.dumps(value) if isinstance(value, dict) else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def csv_file(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """The whole file: UTF-8 with a byte-order mark, a line of headings, then the rows."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([cell(one) for one in columns])
    writer.writerows([cell(one) for one in row] for row in rows)
    return (MARK + out.getvalue()).encode()
