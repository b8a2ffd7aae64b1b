"""Numbers into the text that people read; called by whatever prints a table or a page."""

from __future__ import annotations


def fixed(value: float, digits: int, *, signed: bool = False) -> str:
    """`value` with so many digits after the point, and with `signed` its sign also where it is positive.

    What is rounded to zero is written without a sign, which would tell of a difference that cannot be seen.
    """
    text = f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"
    return text.lstrip("+-") if float(text) == 0 else text
