"""Figures as SVG: lines and bars, drawn with attributes and classes only, so that the strict content policy holds.

Pure. Every label is escaped, and characters that cannot be seen are replaced: SVG text has no place to explain them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import regex
from markupsafe import Markup, escape

from bot.figures.figure import Cell, Figure, Shape

WIDE = 480  # units; about as many pixels as a figure is wide on a desk
LEFT, RIGHT, TOP, LOW, HIGH = 44, 470, 12, 170, 198  # where the lines are drawn, and where the picture ends
ROW, BAR = 38, 12  # height of one bar with its label, and of the bar
POINTS = 31  # up to so many, each value has a dot
COLOURS = 5  # classes s1 to s5 of the style sheet
LONGEST_LABEL = 50  # characters; the whole label is in the table and in the title of the bar
_UNSEEN = regex.compile(r"[\p{C}\u2028\u2029\u115F\u1160\u3164\uFFA0]")

Numbers = Sequence[float | None]


def drawn(figure: Figure) -> Markup:
    """The picture of a figure, with a title and a description for those who do not see it."""
    inside = _lines(figure) if figure.shape is Shape.LINES else _bars(figure)
    high = HIGH if figure.shape is Shape.LINES else ROW * len(figure.rows)
    return Markup(
        '<svg class="chart" viewBox="0 0 {wide} {high}" role="img" aria-labelledby="{name}-t {name}-d">'
        '<title id="{name}-t">{title}</title><desc id="{name}-d">{words}</desc>{inside}</svg>'
    ).format(wide=WIDE, high=high, name=figure.name, title=figure.title, words=in_words(figure), inside=inside)


def legend(figure: Figure) -> Markup:
    """Which line is which; nothing where there is one only."""
    if figure.shape is Shape.BARS or len(figure.drawn) < 2:
        return Markup("")
    item = Markup(
        '<li><svg class="sample" viewBox="0 0 28 8" aria-hidden="true"><path class="{}" d="M0 4H28"/></svg>{}</li>'
    )
    items = (item.format(colour(place), seen(name)) for place, name in enumerate(figure.drawn))
    return Markup('<ul class="legend">{}</ul>').format(Markup("").join(items))


def in_words(figure: Figure) -> str:
    """What the picture shows, in one or two sentences."""
    if figure.shape is Shape.BARS:
        return "; ".join(f"{seen(row[0])}: {number(row[1])}" for row in figure.rows) + "."
    said = []
    for place, name in enumerate(figure.drawn, start=1):
        values = [(value, row[0]) for row in figure.rows if isinstance(value := row[place], int | float)]
        if values:
            most, when = max(values, key=lambda one: one[0])
            said.append(f"{seen(name)}: at most {number(most)} {figure.unit} ({figure.columns[0]} {when})")
    return f"From {figure.rows[0][0]} to {figure.rows[-1][0]}. {'; '.join(said)}."


def number(value: Cell) -> str:
    """A value as people read it."""
    if isinstance(value, float):
        return f"{value:,.1f}".removesuffix(".0")
    return f"{value:,}" if isinstance(value, int) else "–" if value is None else str(value)


def colour(place: int) -> str:
    """The class of the series at this place."""
    return f"s{place % COLOURS + 1}"


def seen(label: Cell) -> str:
    """A label with every invisible character replaced."""
    return _UNSEEN.sub("\ufffd", str(label))


def _lines(figure: Figure) -> Markup:
    columns = list(zip(*figure.rows, strict=True))
    series = [[value if isinstance(value, int | float) else None for value in column] for column in columns[1:]]
    series = series[: len(figure.drawn)]
    top = _round_up(max((value for values in series for value in values if value is not None), default=0))
    parts = [_grid(top), _dates([str(one) for one in columns[0]])]
    parts += [_line(values, top, colour(place)) for place, values in reversed(list(enumerate(series)))]
    return Markup("").join(parts)


def _grid(top: float) -> Markup:
    line = Markup('<path class="grid" d="M{} {:.1f}H{}"/><text x="{}" y="{:.1f}" text-anchor="end">{}</text>')
    ticks = [top * part / 4 for part in range(5)] if top >= 4 else [0.0, top]
    return Markup("").join(
        line.format(LEFT, _y(tick, top), RIGHT, LEFT - 6, _y(tick, top) + 4, number(round(tick, 2))) for tick in ticks
    )


def _dates(names: Sequence[str]) -> Markup:
    last = len(names) - 1
    places = {0: "start", last // 2: "middle", last: "end"} if last > 1 else {0: "start", last: "end"}
    text = Markup('<text x="{:.1f}" y="{}" text-anchor="{}">{}</text>')
    return Markup("").join(
        text.format(_x(place, len(names)), LOW + 20, anchor, names[place]) for place, anchor in places.items()
    )


def _line(values: Numbers, top: float, colour: str) -> Markup:
    parts = []
    for run in _runs(values):
        points = " ".join(f"{_x(place, len(values)):.1f},{_y(value, top):.1f}" for place, value in run)
        parts.append(Markup('<polyline class="{}" points="{}"/>').format(colour, points))
        if len(values) <= POINTS or len(run) == 1:
            dot = Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="2.5"/>')
            parts += [dot.format(colour, _x(place, len(values)), _y(value, top)) for place, value in run]
    return Markup("").join(parts)


def _runs(values: Numbers) -> Iterator[list[tuple[int, float]]]:
    """Stretches without a gap: where there is no number, there is no line."""
    run: list[tuple[int, float]] = []
    for place, value in enumerate(values):
        if value is None:
            if run:
                yield run
            run = []
        else:
            run.append((place, value))
    if run:
        yield run


def _bars(figure: Figure) -> Markup:
    values = [value if isinstance(value := row[1], int | float) else 0 for row in figure.rows]
    sign = " %" if figure.unit.startswith("%") else ""
    most = 100 if sign else max([*values, 0]) or 1
    bar = Markup(
        '<g><title>{whole}: {value} {unit}</title><text x="0" y="{text}" class="label">{label}</text>'
        '<text x="{wide}" y="{text}" text-anchor="end" class="value">{value}</text>'
        '<rect class="track" x="0" y="{at}" width="{wide}" height="{high}" rx="3"/>'
        '<rect class="s1" x="0" y="{at}" width="{long:.1f}" height="{high}" rx="3"/></g>'
    )
    return Markup("").join(
        bar.format(
            whole=seen(row[0]),
            label=_short(seen(row[0])),
            value=number(row[1]) + sign,
            unit=figure.unit.removeprefix("% "),
            text=ROW * place + 13,
            at=ROW * place + 19,
            wide=WIDE,
            high=BAR,
            long=WIDE * value / most,
        )
        for place, (row, value) in enumerate(zip(figure.rows, values, strict=True))
    )


def _short(label: str) -> Markup:
    return escape(label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1] + "…")


def _x(place: int, of: int) -> float:
    return LEFT + (RIGHT - LEFT) * (place / (of - 1) if of > 1 else 0.5)


def _y(value: float, top: float) -> float:
    return LOW - (LOW - TOP) * (value / top if top else 0)


def _round_up(value: float) -> float:
    """The next number that divides well by four, so that the grid has whole numbers."""
    if value <= 4:
        return max(float(int(value) + (value > int(value))), 1.0)
    size = 4.0
    while True:
        for step in (1, 2, 3, 5):
            if size * step >= value:
                return size * step
        size *= 10
