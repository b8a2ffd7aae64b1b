"""Puts labels beside their points so that no two overlap: boxes in, places out. Knows nothing of drawing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FEW = 60
"""Up to so many labels all are placed, if need be away from their points; of more, those that fit."""

GAP = 5.0
"""Between a point and its label."""

RINGS = (0.0, 8.0, 18.0, 32.0, 50.0, 75.0, 105.0, 140.0, 180.0)
"""How far labels may move away from their points, where all are to be placed."""

MOST_DOTS = 2_000
"""Among more points than this, labels cover points of other words."""

# right, left, above, below and the corners: where the label's box begins, in its own width and height
DIRECTIONS = np.array(
    [(0, -0.5), (-1, -0.5), (-0.5, 0), (-0.5, -1), (0, 0), (-1, 0), (0, -1), (-1, -1)], dtype=np.float64
)
OUTWARD = np.array([(1, 0), (-1, 0), (0, 1), (0, -1), (0.7, 0.7), (-0.7, 0.7), (0.7, -0.7), (-0.7, -0.7)])


ASIDE = 45.0
"""Between the rightmost point and a column of labels."""


def stack_labels(
    points: NDArray[np.float64], sizes: NDArray[np.float64], frame: tuple[float, float, float, float]
) -> NDArray[np.float64]:
    """The lower left corners of labels in a column to the right of their points, as `place_labels` gives them.

    The column is in the points' order of height, so that lines from points to labels hardly cross. For few points that
    lie close together; the first ones of those that fit the frame's height.
    """
    left, bottom, right, top = frame
    corners = np.full((len(points), 2), np.nan)
    line = float(sizes[:, 1].max())
    shown = min(len(points), int((top - bottom) // line))
    x = max(left, min(float(points[:, 0].max()) + ASIDE, right - float(sizes[:, 0].max())))
    middle = float(points[:shown, 1].mean()) if shown else bottom
    lowest = max(bottom, min(middle - shown * line / 2, top - shown * line))
    for place, index in enumerate(np.argsort(points[:shown, 1], kind="stable")):
        corners[index] = x, lowest + place * line
    return corners


def place_labels(
    points: NDArray[np.float64],
    sizes: NDArray[np.float64],
    frame: tuple[float, float, float, float],
    occupied: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """The lower left corners of the labels, float64 (n, 2); NaN for those that found no place.

    `points` (n, 2) and `sizes` (n, 2: width, height) are in one unit, pixels; `frame` is left, bottom, right, top.
    Labels come first come first served, so give the important ones first. Placed labels lie inside the frame and
    overlap no other, nor any box of `occupied` (k, 4: left, bottom, right, top); a place that covers another point is
    taken only if there is none that does not.
    """
    given = np.empty((0, 4)) if occupied is None else occupied
    corners = np.full((len(points), 2), np.nan)
    rings = RINGS if len(points) <= FEW else RINGS[:1]
    dots = points if len(points) <= MOST_DOTS else np.empty((0, 2))
    taken = np.vstack([given, np.empty((len(points), 4))])
    count = len(given)
    for index, (point, size) in enumerate(zip(points, sizes, strict=True)):
        boxes = np.concatenate([_boxes_around(point, size, GAP + ring) for ring in rings])
        inside = (boxes[:, :2] >= frame[:2]).all(axis=1) & (boxes[:, 2:] <= frame[2:]).all(axis=1)
        free = inside & ~_meet(boxes, taken[:count]).any(axis=1)
        if not free.any():
            continue
        clear = free & ~_meet(boxes, np.hstack([dots, dots])).any(axis=1)
        best = boxes[int(np.argmax(clear if clear.any() else free))]
        corners[index] = best[:2]
        taken[count] = best
        count += 1
    return corners


def _boxes_around(point: NDArray[np.float64], size: NDArray[np.float64], distance: float) -> NDArray[np.float64]:
    """Where the label may lie at `distance` from its point: (8, 4), each left, bottom, right, top."""
    begin = point + DIRECTIONS * size + OUTWARD * distance
    return np.hstack([begin, begin + size])


def _meet(boxes: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which boxes overlap which others: bool (boxes, others); touching is not overlapping."""
    low, high = boxes[:, None, :2], boxes[:, None, 2:]
    met = (low < others[None, :, 2:]) & (high > others[None, :, :2])
    return met[..., 0] & met[..., 1]
