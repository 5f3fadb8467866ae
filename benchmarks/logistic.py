"""Logistic regression with an L2 penalty over named features: the weights of the detectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_array
from scipy.special import expit

LEAST = 0.02
"""Weights below this are left out."""

Floats = NDArray[np.float64]


def matrix(rows: Sequence[Mapping[str, float]], names: Sequence[str]) -> csr_array:
    """Return rows of features as a matrix with a column for each name."""
    column = {name: index for index, name in enumerate(names)}
    cells = [
        (index, column[name], value)
        for index, row in enumerate(rows)
        for name, value in row.items()
        if name in column
    ]
    down, across, values = zip(*cells, strict=True)
    return csr_array((values, (down, across)), shape=(len(rows), len(names)))


def logistic(
    design: csr_array, labels: Sequence[float], counts: Sequence[float], penalty: float
) -> tuple[Floats, float]:
    """Return weights and bias of a logistic regression with an L2 penalty on the weights."""
    truth, count = np.array(labels), np.array(counts)

    def loss(point: Floats) -> tuple[float, Floats]:
        odds = design @ point[:-1] + point[-1]
        pull = count * (expit(odds) - truth)
        value = count @ (np.logaddexp(0, odds) - truth * odds)
        value += penalty / 2 * point[:-1] @ point[:-1]
        return value, np.append(design.T @ pull + penalty * point[:-1], pull.sum())

    start = np.zeros(design.shape[1] + 1)
    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 2000, "ftol": 1e-12}
    ).x
    return found[:-1], round(float(found[-1]), 2)


def rounded(names: Sequence[str], weights: Floats) -> dict[str, float]:
    """Return the weights by name, without those that round to nothing."""
    rounded = {name: round(float(one), 2) for name, one in zip(names, weights, strict=True)}
    return {name: weight for name, weight in rounded.items() if abs(weight) >= LEAST}
