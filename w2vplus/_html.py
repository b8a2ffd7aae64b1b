"""Tables in, HTML for notebooks out: what `_repr_html_` of results are made of."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from w2vplus._numbers import fixed


def percent(share: float | None) -> str:
    """A share of one as a percentage with one digit; a dash where there is none."""
    return "–" if share is None or share != share else f"{fixed(100 * share, 1)} %"


def cell(value: object) -> str:
    """How a value looks in a table: counts with separators of thousands, other numbers with three digits."""
    if value is None or value != value:
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    return fixed(value, 3) if isinstance(value, float) else str(value)


def table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table that takes its looks from the notebook: numbers flush right, everything else flush left."""
    numeric = [
        bool(rows) and all(isinstance(row[place], (int, float)) for row in rows) for place in range(len(columns))
    ]
    sides = [f'style="text-align:{"right" if is_numeric else "left"}"' for is_numeric in numeric]
    head = "".join(f"<th {side}>{escape(column)}</th>" for side, column in zip(sides, columns, strict=True))
    body = "".join(
        "<tr>"
        + "".join(f"<td {side}>{escape(cell(value))}</td>" for side, value in zip(sides, row, strict=True))
        + "</tr>"
        for row in rows
    )
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
