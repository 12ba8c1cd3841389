"""`scrutineer evaluate`: labelled posts in, figures, wrong drafts and drawings out. It needs no settings, no database.

It measures; it never changes a threshold.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TextIO

from bot.errors import BadModel, BadPack
from bot.evidence.pack import load_pack, starter_pack
from bot.evidence.readers import Trouble, lines, parse_json, shorten
from bot.matching import plots
from bot.matching.manifest import SHIPPED, STARTER_VECTORS
from bot.matching.matcher import Matcher
from bot.matching.measure import (
    Labelled,
    Report,
    calibration,
    calibration_error,
    groups,
    labelled,
    measure,
    risk_coverage,
)
from bot.matching.models import shipped
from bot.matching.vectors import Vectors
from bot.model import Match, Stance

LONGEST_TEXT = 110  # characters of a post that are shown
WORTH_A_ROW = 3  # posts; smaller groups of entries are counted but not listed


def evaluate(
    posts: Path,
    out: TextIO,
    err: TextIO,
    *,
    table: Path | None = None,
    plots_to: Path | None = None,
    json_to: Path | None = None,
    errors: int = 20,
) -> int:
    """Print the report. Returns 0, or 2 when a file cannot be used."""
    try:
        known = read_labelled(posts)
        entries = load_pack(table) if table else starter_pack()
        models = shipped()
        matcher = Matcher(entries, models, vectors=Vectors(models.reader, shipped=SHIPPED / STARTER_VECTORS))
        found = [matcher.match(one.text, one.context) for one in known]
        _print(known, found, matcher, out, errors)
        if plots_to:
            _draw(known, found, matcher, plots_to, out)
        if json_to:
            json_to.write_text(json.dumps(as_json(known, found), indent=1) + "\n", encoding="utf-8")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read our output has enough
        return 0
    except BadPack as error:
        print("\n".join(error.rows) or str(error), file=err)
        return 2
    except (BadModel, BadPosts) as error:
        print(str(error), file=err)
        return 2
    except OSError as error:
        print(f"{error.filename or posts}: {error.strerror or error}; check the path", file=err)
        return 2
    return 0


class BadPosts(Exception):
    """The labelled posts cannot be read; the message names file, line and remedy."""


def read_labelled(path: Path) -> list[Labelled]:
    """All posts of a labelled file, or `BadPosts` for the first line that is not one."""
    found = []
    with path.open("rb") as stream:
        for number, line, _ in lines(stream):
            if isinstance(line, Trouble):
                raise BadPosts(f"{path}, line {number}: {line.remedy}")
            if not line.strip():
                continue
            try:
                found.append(labelled(parse_json(line)))
            except (KeyError, ValueError, TypeError, AttributeError) as error:
                raise BadPosts(
                    f"{path}, line {number} is no labelled post ({type(error).__name__}: {shorten(str(error), 80)}): "
                    'it needs "id", "text", "should_draft_reply" and "expected" with "entry_id" and "stance"'
                ) from error
    if not found:
        raise BadPosts(f"{path} has no posts: give one JSON object a line")
    return found


def as_json(posts: Sequence[Labelled], found: Sequence[Match]) -> dict[str, object]:
    """All figures, for programs."""
    bins = calibration(posts, found)
    return {
        "all": _figures(measure(posts, found)),
        "languages": {name: _figures(one) for name, one in groups(posts, found, _lang)},
        "stances": {name: _figures(one) for name, one in groups(posts, found, _stance)},
        "entries": {name: _figures(one) for name, one in groups(posts, found, _entry)},
        "calibration": [asdict(one) for one in bins],
        "calibration_error": round(calibration_error(bins), 4),
        "risk_coverage": [asdict(one) for one in risk_coverage(posts, found)],
    }


def _print(posts: Sequence[Labelled], found: Sequence[Match], matcher: Matcher, out: TextIO, errors: int) -> None:
    report = measure(posts, found)
    weights = matcher.weights
    print(report, file=out)
    print(f"suggestions {sum(one.action.value == 'suggest' for one in found)}; "
          f"thresholds: suggest {weights.suggest}, confident {weights.confident}", file=out)  # fmt: skip
    print(f"calibration error {calibration_error(calibration(posts, found)):.3f}", file=out)
    for title, key in (("language", _lang), ("stance", _stance), ("entry", _entry)):
        print(f"\n{_head(title)}", file=out)
        rows = groups(posts, found, key)
        for line in _rows(rows if title != "entry" else [one for one in rows if one[1].posts >= WORTH_A_ROW]):
            print(line, file=out)
    if report.wrong:
        print("\nwrong drafts:", file=out)
    for kind, post_id, text in report.wrong[:errors]:
        print(f"  ({kind}) {post_id}: {shorten(text, LONGEST_TEXT)!r}", file=out)


def _head(title: str) -> str:
    columns = f"{'posts':>7}{'wanted':>8}{'drafts':>8}{'right':>7}{'recall':>8}{'entry@1':>9}{'stance':>8}"
    return f"{'by ' + title:<36}{columns}"


def _rows(rows: Iterable[tuple[str, Report]]) -> Iterable[str]:
    for name, one in rows:
        recall = f"{one.recall:.2f}" if one.wanted else "–"
        entry = f"{one.entry_recall_at_1:.2f}" if one.with_entry else "–"
        yield (
            f"{name[:34]:<36}{one.posts:>7}{one.wanted:>8}{one.drafts:>8}{one.right:>7}{recall:>8}{entry:>9}"
            f"{one.stance_accuracy:>8.2f}"
        )


def _draw(posts: Sequence[Labelled], found: Sequence[Match], matcher: Matcher, folder: Path, out: TextIO) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    weights = matcher.weights
    drawings = {
        "calibration.svg": plots.calibration_svg(calibration(posts, found), f"Calibration, {len(posts)} posts"),
        "risk-coverage.svg": plots.risk_coverage_svg(
            risk_coverage(posts, found),
            f"Risk and coverage, {len(posts)} posts",
            (("confident", weights.confident), ("suggest", weights.suggest)),
        ),
    }
    for name, svg in drawings.items():
        (folder / name).write_text(svg, encoding="utf-8")
        print(f"drawn: {folder / name}", file=out)


def _figures(report: Report) -> dict[str, object]:
    return {
        "posts": report.posts,
        "wanted": report.wanted,
        "drafts": report.drafts,
        "precision": round(report.precision, 3),
        "recall": round(report.recall, 3),
        "wrong_person": report.wrong_person,
        "leave_alone_disturbed": report.disturbed,
        "wrong_entry": report.wrong_entry,
        "wrong_fire_rate": round(report.wrong_fire_rate, 4),
        "entry_recall_at_1": round(report.entry_recall_at_1, 3),
        "stance_accuracy": round(report.stance_accuracy, 3),
        "stance_macro_f1": round(report.stance_macro_f1, 3),
    }


def _lang(post: Labelled) -> str:
    return post.lang.partition("-")[0]


def _stance(post: Labelled) -> str:
    return "leave alone" if post.leave_alone else post.stance.value


def _entry(post: Labelled) -> str:
    return post.entry_id or ("(none)" if post.stance is Stance.UNRELATED else "(not in the table)")
