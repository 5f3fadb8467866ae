"""Plots of the decision benchmark."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np

from benchmarks.rules import ALPHA, RULES
from benchmarks.simulate import early_stopping

if TYPE_CHECKING:
    from benchmarks.decision_quality import Quality

mpl.use("svg")
mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "evalguard", "font.size": 9})

COLOURS = ("#0b6e4f", "#c8553d", "#e0a030", "#6a4c93", "#4a7fb5")


def plot_rules(singles: Iterable[Quality], path: Path, psi: float = 0.1) -> None:
    """Draw false PASS at the margin and power with no change, by n, for every rule."""
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), sharex=True)
    for name, colour in zip(RULES, COLOURS, strict=True):
        rows = [quality for quality in singles if (quality.rule, quality.psi) == (name, psi)]
        n = [row.n for row in rows]
        width = 2.2 if name == "EvalGuard" else 1.2
        axes[0].plot(n, [row.false_pass for row in rows], color=colour, lw=width, label=name)
        axes[1].plot(n, [row.power for row in rows], color=colour, lw=width, label=name)
    axes[0].axhline(ALPHA, color="black", lw=0.8, ls=":")
    axes[0].set_title("let through exactly at the margin")
    axes[1].set_title("passed with no change")
    for axis in axes:
        axis.set_xscale("log")
        axis.set_xticks([50, 100, 200, 500, 1000, 2000], ["50", "100", "200", "500", "1k", "2k"])
        axis.minorticks_off()
        axis.set_xlabel("questions")
        axis.set_ylim(-0.02, 1.02)
        axis.spines[["top", "right"]].set_visible(False)
    axes[1].legend(frameon=False, fontsize=8, loc="lower right")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def plot_stopping(seed: int, path: Path, n: int = 500, psi: float = 0.1) -> None:
    """Draw the verdicts and the share of questions used, by the true difference."""
    from matplotlib import pyplot as plt

    rng = np.random.default_rng(seed)
    thetas = np.round(np.arange(-0.10, 0.0401, 0.01), 2)
    done = [
        early_stopping(n, psi, float(theta), margin=0.05, looks=10, runs=4000, rng=rng)
        for theta in thetas
    ]
    figure, axis = plt.subplots(figsize=(8, 3))
    points = thetas * 100
    axis.plot(points, [each.passed for each in done], color="#0b6e4f", lw=2, label="PASS")
    axis.plot(points, [each.failed for each in done], color="#c8553d", lw=2, label="FAIL")
    used = [each.fraction_used for each in done]
    axis.plot(points, used, color="black", lw=1.2, ls="--", label="mean share of questions used")
    axis.axvline(-5, color="grey", lw=0.8, ls=":")
    axis.annotate("margin", (-5, 0.5), textcoords="offset points", xytext=(4, 0), fontsize=8)
    axis.set_xlabel("true difference in percentage points")
    axis.set_ylim(-0.02, 1.05)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
