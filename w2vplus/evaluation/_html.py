"""Tables in, HTML for notebooks out: what the results' `_repr_html_` are made of."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape


def percent(share: float | None) -> str:
    """A share of one as a percentage with one digit; a dash where there is none."""
    return "–" if share is None or share != share else f"{100 * share:.1f} %"


def cell(value: object) -> str:
    """How a value looks in a table: counts with separators of thousands, other numbers with three digits."""
    if value is None or value != value:
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table that takes its looks from the notebook; the first column flush left, the others flush right."""
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = []
    for row in rows:
        cells = [
            f'<td style="text-align:{"left" if place == 0 else "right"}">{escape(cell(value))}</td>'
            for place, value in enumerate(row)
        ]
        body.append(f"<tr>{''.join(cells)}</tr>")
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(body)}</tbody></table>"
    )
