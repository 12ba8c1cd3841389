"""Two drawings of how far certainty can be trusted, as SVG: no library, no fonts, readable in every browser."""

from __future__ import annotations

from collections.abc import Sequence

from bot.matching.measure import Bin, Step

SIDE, LEFT, TOP = 320, 64, 44  # the square that is drawn in, and its place
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
INK, GRID, LINE, FAINT = "#1b2733", "#d8dee4", "#0b6e99", "#8a97a3"


def calibration_svg(bins: Sequence[Bin], title: str) -> str:
    """How sure we were against how often we were right; on the diagonal, certainty means what it says."""
    dots = "".join(
        f'<circle cx="{_x(one.sure):.1f}" cy="{_y(one.right):.1f}" r="{3 + min(one.posts, 200) ** 0.5 / 2:.1f}" '
        f'fill="{LINE}" fill-opacity="0.75"><title>{one.posts} posts: {one.sure:.2f} sure, {one.right:.2f} right'
        "</title></circle>"
        for one in bins
    )
    diagonal = _path([(0.0, 0.0), (1.0, 1.0)], FAINT, dashed=True)
    line = _path([(one.sure, one.right) for one in bins], LINE)
    return _frame(title, "certainty", "share that would have been right", diagonal + line + dots)


def risk_coverage_svg(steps: Sequence[Step], title: str, marks: Sequence[tuple[str, float]]) -> str:
    """The share of wrong drafts against the share of wanted posts found; `marks` are named thresholds."""
    drawn = _path([(one.coverage, one.risk) for one in steps], LINE)
    for name, threshold in marks:
        at = [one for one in steps if one.certainty >= threshold]
        if at:
            x, y = _x(at[-1].coverage), _y(at[-1].risk)
            drawn += f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="none" stroke="{INK}" stroke-width="1.5"/>'
            drawn += f'<text x="{x + 8:.1f}" y="{y - 8:.1f}" font-size="12" fill="{INK}">{name}</text>'
    return _frame(title, "share of wanted posts found", "share of drafts that would be wrong", drawn)


def _x(value: float) -> float:
    return LEFT + SIDE * value


def _y(value: float) -> float:
    return TOP + SIDE * (1.0 - value)


def _path(points: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False) -> str:
    if not points:
        return ""
    told = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)
    dash = ' stroke-dasharray="5 5"' if dashed else ""
    return f'<polyline points="{told}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'


def _frame(title: str, below: str, beside: str, drawn: str) -> str:
    grid = "".join(
        f'<line x1="{_x(0)}" x2="{_x(1)}" y1="{_y(tick)}" y2="{_y(tick)}" stroke="{GRID}"/>'
        f'<line y1="{_y(0)}" y2="{_y(1)}" x1="{_x(tick)}" x2="{_x(tick)}" stroke="{GRID}"/>'
        f'<text x="{_x(0) - 8}" y="{_y(tick) + 4}" text-anchor="end">{tick:g}</text>'
        f'<text x="{_x(tick)}" y="{_y(0) + 18}" text-anchor="middle">{tick:g}</text>'
        for tick in TICKS
    )
    middle_y = TOP + SIDE / 2
    width, height = LEFT + SIDE + 30, TOP + SIDE + 56
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="{INK}" role="img" aria-label="{title}">'
        f'<rect width="100%" height="100%" fill="#ffffff"/><text x="{LEFT}" y="26" font-size="15">{title}</text>{grid}'
        f'<text x="{_x(0.5)}" y="{_y(0) + 42}" text-anchor="middle">{below}</text>'
        f'<text transform="translate(18 {middle_y}) rotate(-90)" text-anchor="middle">{beside}</text>'
        f"{drawn}</svg>\n"
    )
