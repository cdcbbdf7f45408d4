"""Curves of growth as a picture: one small plot for each kind of amount, both axes logarithmic."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol
from xml.sax.saxutils import escape

_WIDTH, _HEIGHT, _LEFT, _TOP, _LEGEND = 420, 260, 60, 30, 18
_COLOURS = ("#1b6ca8", "#d1495b", "#2e8b57", "#8e5ea2", "#b8860b", "#444444")


class Curve(Protocol):
    """What is drawn."""

    title: str
    unit: str
    server: str
    times: dict[int, float]


def svg(curves: Sequence[Curve]) -> str:
    """Ours solid, the other server dashed; a question has one colour."""
    parts, top = [], 0
    for unit in dict.fromkeys(curve.unit for curve in curves):
        chosen = [curve for curve in curves if curve.unit == unit and curve.times]
        titles = list(dict.fromkeys(curve.title for curve in chosen))
        parts.append(f'<g transform="translate(0 {top})">{"".join(_plot(unit, chosen, titles))}</g>')
        top += _TOP + _HEIGHT + 50 + _LEGEND * len(titles)
    size = f'width="{_LEFT + _WIDTH + 40}" height="{top}" viewBox="0 0 {_LEFT + _WIDTH + 40} {top}"'
    style = 'font-family="sans-serif" font-size="12" fill="#222"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>'
    return f'{head}<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n'


def _plot(unit: str, chosen: Sequence[Curve], titles: Sequence[str]) -> Iterator[str]:
    sizes = sorted({size for curve in chosen for size in curve.times})
    times = [time for curve in chosen for time in curve.times.values()]
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))
    first, last = math.log10(sizes[0]), max(math.log10(sizes[-1]), math.log10(sizes[0]) + 1e-9)

    def position(size: int, time: float) -> tuple[float, float]:
        across = (math.log10(size) - first) / (last - first)
        up = (math.log10(time) - low) / max(1, high - low)
        return _LEFT + across * _WIDTH, _TOP + (1 - up) * _HEIGHT

    yield f'<text x="{_LEFT}" y="18" font-weight="bold">{escape(unit)}: milliseconds of an answer</text>'
    for power in range(low, high + 1):
        y = position(sizes[0], 10.0**power)[1]
        yield f'<path d="M{_LEFT} {y:.1f}h{_WIDTH}" stroke="#ddd"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g}</text>'
    for size in sizes:
        x = position(size, 10.0**low)[0]
        yield f'<text x="{x:.1f}" y="{_TOP + _HEIGHT + 18}" text-anchor="middle">{size:,}</text>'
    for curve in chosen:
        yield _line(curve, _COLOURS[titles.index(curve.title) % len(_COLOURS)], position)
    for number, title in enumerate(titles):
        y = _TOP + _HEIGHT + 40 + number * _LEGEND
        yield f'<path d="M{_LEFT} {y - 4}h24" stroke="{_COLOURS[number % len(_COLOURS)]}" stroke-width="2"/>'
        yield f'<text x="{_LEFT + 32}" y="{y}">{escape(title)} (mlflow server: dashed)</text>'


def _line(curve: Curve, colour: str, position: Callable[[int, float], tuple[float, float]]) -> str:
    spots = [position(size, time) for size, time in sorted(curve.times.items())]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in spots)
    dashes = "" if curve.server == "Modelyard" else ' stroke-dasharray="5 4"'
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in spots)
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>{dots}'
