"""Panels of a chart as plain HTML and SVG, drawn without any script.

Every drawing area is 1000 units wide and 100 high and is stretched to the room it gets; words are HTML beside
it, so that they keep their size on a phone. The page's script draws into the same elements.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 1000.0, 100.0
LEAST_BAND = 2.5  # units: an event is never too thin to see


def path(across: NDArray[np.float64], up: NDArray[np.float64]) -> str:
    """The `d` of a line through shares of the width and the height (0 to 1); a NaN height lifts the pen.

    A value alone between two gaps becomes a dot.
    """
    pieces: list[str] = []
    count = 0  # points since the pen came down
    for x, y in zip((across * WIDTH).tolist(), ((1 - up) * HEIGHT).tolist(), strict=True):
        if y != y:  # NaN
            pieces.append("h0" if count == 1 else "")
            count = 0
            continue
        pieces.append(f"{'L' if count else 'M'}{_short(x)} {_short(y)}")
        count += 1
    return "".join([*pieces, "h0" if count == 1 else ""])


def area(across: NDArray[np.float64], up: NDArray[np.float64]) -> str:
    """The `d` of the area under that line, down to the bottom."""
    pieces: list[str] = []
    drawn = np.flatnonzero(np.isfinite(up))
    for run in np.split(drawn, np.flatnonzero(np.diff(drawn) > 1) + 1) if drawn.size else []:
        first, last = _short(float(across[run[0]]) * WIDTH), _short(float(across[run[-1]]) * WIDTH)
        top = path(across[run], up[run])[1:]
        pieces.append(f"M{first} {HEIGHT:g}L{top}L{last} {HEIGHT:g}Z")
    return "".join(pieces)


def canvas(content: str, kind: str = "") -> str:
    """A drawing area around SVG elements; words elsewhere say what matters, so screen readers skip it."""
    name = f' class="{kind}"' if kind else ""
    box = f"0 0 {WIDTH:g} {HEIGHT:g}"
    return f'<svg{name} viewBox="{box}" preserveAspectRatio="none" aria-hidden="true">{content}</svg>'


def stroke(kind: str, d: str) -> str:
    """One path of a class that the style sheet colours."""
    return f'<path class="{kind}" d="{d}"/>'


def grid(ups: Iterable[float]) -> str:
    """Thin lines across the panel at these heights (0 to 1)."""
    return stroke("grid", "".join(f"M0 {_short((1 - up) * HEIGHT)}H{WIDTH:g}" for up in ups))


def bands(spans: Iterable[tuple[float, float]], kind: str) -> str:
    """Areas from top to bottom between shares of the width (0 to 1)."""
    parts = []
    for start, stop in spans:
        left, width = start * WIDTH, max((stop - start) * WIDTH, LEAST_BAND)
        left -= max(0.0, width - (stop - start) * WIDTH) / 2
        parts.append(f"M{_short(left)} 0h{_short(width)}v{HEIGHT:g}h{_short(-width)}z")
    return stroke(kind, "".join(parts))


def heights(marks: Sequence[tuple[float, str]]) -> str:
    """Words left of a panel at heights 0 to 1."""
    return "".join(f'<span class="y" style="top:{(1 - up) * 100:.1f}%">{escape(words)}</span>' for up, words in marks)


def places(marks: Sequence[tuple[float, str]], inside: bool = False) -> str:
    """Words below a panel at shares 0 to 1 of its width; with `inside` the first does not reach out left."""
    parts = []
    for share, words in marks:
        side = " first" if inside and share < 0.04 else " last" if share > 0.96 else ""
        parts.append(f'<span class="x{side}" style="left:{share * 100:.2f}%">{escape(words)}</span>')
    return f'<div class="places">{"".join(parts)}</div>'


def panel(name: str, plot: str, kind: str = "", attributes: str = "", aside: str = "") -> str:
    """A named drawing area; `plot`, `aside` and `attributes` are HTML already, `name` is not."""
    head = f'<div class="name"><span>{escape(name)}</span>{aside}</div>'
    return f'<div class="panel {kind}"{attributes}>{head}<div class="plot">{plot}</div></div>'


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
