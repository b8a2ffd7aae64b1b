"""Colours that people with any kind of colour vision can tell apart, on light and on dark ground.

Groups: seven of Paul Tol's "bright" qualitative scheme (Technical Note SRON/EPS/TN/09-002, 2021). Order: a stretch of
matplotlib's viridis (van der Walt and Smith 2015) that leaves out the ends, which vanish in a black or white ground.
"""

from __future__ import annotations

GROUP_COLORS = ("#4477AA", "#EE6677", "#228833", "#CCBB44", "#66CCEE", "#AA3377", "#BBBBBB")
"""For groups without an order, at most seven."""

RANK_COLORS = ("#3E4A89", "#31688E", "#26828E", "#1F9E89", "#35B779", "#6DCD59", "#A5DB36")
"""From the most frequent words to the rarest; lightness rises steadily."""

ACCENT = "#4477AA"
SECOND_ACCENT = "#EE6677"
INK = "#222222"
FAINT = "#777777"
