"""How far one model's next-token distributions are from another's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def token_kl(baseline: Floats, candidate: Floats) -> float:
    """Return the mean over tokens of KL(baseline ‖ candidate) = Σ p_b·(log p_b − log p_c), in nats.

    Args:
        baseline: The baseline's log-probabilities. Shape ``(tokens, vocabulary)``.
        candidate: The candidate's at the same places. Same shape.

    Raises:
        ValueError: If the shapes differ, there is no token, or a row is no distribution.

    Example:
        >>> before = np.log([[0.5, 0.5]])
        >>> token_kl(before, before), round(token_kl(before, np.log([[0.9, 0.1]])), 4)
        (0.0, 0.5108)
    """
    if baseline.shape != candidate.shape or baseline.ndim != 2 or not baseline.size:
        raise ValueError(
            f"distributions of the same tokens over the same vocabulary are needed, got shapes "
            f"{baseline.shape} and {candidate.shape}"
        )
    before, after = baseline.astype(np.float64), candidate.astype(np.float64)
    masses = np.exp(before).sum(axis=1), np.exp(after).sum(axis=1)
    if not all(np.allclose(mass, 1.0, atol=1e-3) for mass in masses):
        raise ValueError("probabilities that do not sum to 1 are not a distribution")
    # Where the baseline's probability is 0 the term is 0, whatever the logarithms are.
    probability = np.exp(before)
    difference = np.where(probability > 0, before - np.maximum(after, -1e4), 0.0)
    return max(0.0, float((probability * difference).sum(axis=1).mean()))
