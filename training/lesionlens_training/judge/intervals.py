"""95 % intervals: Wilson's for a share, and the bootstrap over patients that FROC uses.

In: values and whose they are. Out: `[low, high]`, or None with fewer than two patients.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from ..twin.froc import interval_95, resamples

Z_95 = 1.959963984540054


def wilson(n_hit: int, n: int) -> list[float]:
    """Wilson's interval (1927) of a share; the lesions are taken as independent."""
    if n == 0:
        return [0.0, 1.0]
    p, z2 = n_hit / n, Z_95 * Z_95
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    # At no hit or all hits the formula's end is 0 or 1 up to rounding.
    low = 0.0 if n_hit == 0 else max(centre - half, 0.0)
    high = 1.0 if n_hit == n else min(centre + half, 1.0)
    return [low, high]


def over_patients(
    values: Sequence[float], patients: Sequence[object], statistic: Callable[[np.ndarray], float]
) -> list[float] | None:
    """Percentile bootstrap of a statistic of all values; a patient is drawn with all of theirs."""
    names = sorted(set(patients), key=str)
    if len(names) < 2:
        return None
    index = {name: i for i, name in enumerate(names)}
    whose = np.array([index[p] for p in patients])
    data = np.asarray(values, np.float64)
    drawn = [statistic(np.repeat(data, weights[whose])) for weights in resamples(len(names))]
    return interval_95(np.array(drawn))


def share_interval(hits: Sequence[bool], patients: Sequence[object]) -> list[float]:
    """The wider of Wilson's interval and the bootstrap over patients, end by end: a bootstrap of few patients
    is too narrow where nearly nothing or everything was hit, Wilson's where lesions of a patient are alike."""
    low, high = wilson(int(sum(hits)), len(hits))
    drawn = over_patients([float(h) for h in hits], patients, lambda v: float(v.mean()) if len(v) else math.nan)
    return [low, high] if drawn is None else [min(low, drawn[0]), max(high, drawn[1])]
