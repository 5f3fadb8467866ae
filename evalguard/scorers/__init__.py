"""Scorers: pure functions from an output and its target to scores.

A scorer is one function under :func:`scorer`; :func:`get` binds its options, and
:func:`score_checked` calls it so that a fault in it becomes an error that names the sample.
May import records, errors and light libraries; heavy ones only inside functions.
"""

from __future__ import annotations

from evalguard.scorers.binding import MAX_OUTPUT_CHARS, CorpusMetric, Scorer, score_checked
from evalguard.scorers.registry import get, is_built_in, load_module, metrics, names, scorer

__all__ = [
    "MAX_OUTPUT_CHARS",
    "CorpusMetric",
    "Scorer",
    "get",
    "is_built_in",
    "load_module",
    "metrics",
    "names",
    "score_checked",
    "scorer",
]
