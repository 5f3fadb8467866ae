"""Metrics of the ``evaluate`` package that need a model of their own, such as BERTScore.

Where a metric cannot be computed its values are NaN, so the other metrics of a task are measured,
and :func:`noting` collects why: no gate may stand on such a metric.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

BLEURT = "bleurt is not computed, because it needs code and a checkpoint that PyPI does not have"

PACKAGES: Mapping[str, str] = {
    "bertscore": "bert-score",
    "cer": "jiwer",
    "comet": "unbabel-comet",
    "mauve": "mauve-text",
    "meteor": "nltk",
    "seqeval": "seqeval",
}
"""Packages that compute what further metrics of the hub do."""

_notes: ContextVar[dict[str, str] | None] = ContextVar("notes", default=None)


@contextmanager
def noting() -> Iterator[Mapping[str, str]]:
    """Collect why metrics could not be computed within the block, by their names."""
    notes: dict[str, str] = {}
    token = _notes.set(notes)
    try:
        yield notes
    finally:
        _notes.reset(token)


def refusal(name: str) -> str:
    """Return why a metric of the hub is not computed, and what to do."""
    package = PACKAGES.get(name)
    if name == "bleurt" or package is None:
        return f"the metric '{name}' would be downloaded as code and run, which is not allowed"
    return (
        f"the metric '{name}' would be downloaded as code and run, which is not allowed; compute "
        f"it in the task's own Python (metric: !function …): pip install {package}"
    )


def bertscore(
    predictions: Sequence[str],
    references: Sequence[Any],
    *,
    lang: str | None = None,
    model_type: str | None = None,
    num_layers: int | None = None,
    verbose: bool = False,
    batch_size: int = 64,
    **options: Any,
) -> dict[str, Any]:
    """Return BERTScore of each sample, as the package ``bert_score`` computes it."""
    unknown = [math.nan] * len(predictions)
    missing = {"precision": unknown, "recall": unknown, "f1": unknown, "hashcode": ""}
    if find_spec("bert_score") is None:
        _note("bertscore", "bertscore needs a package: pip install bert-score")
        return missing
    names = import_module("bert_score.utils")
    model = model_type or names.lang2model[str(lang).lower()]
    rights = [[one] if isinstance(one, str) else list(one) for one in references]
    if options.get("idf"):
        options["idf_sents"] = tuple(text for right in rights for text in right)
    given = tuple(sorted({"use_fast_tokenizer": False, "lang": lang, **options}.items()))
    try:
        scorer = _scorer(model, num_layers or names.model2layers[model], given)
    except OSError:
        _note("bertscore", f"bertscore needs the model '{model}': hf download {model}")
        return missing
    found = scorer.score(
        cands=list(predictions), refs=rights, verbose=verbose, batch_size=batch_size
    )
    parts = zip(("precision", "recall", "f1"), found, strict=True)
    values = {name: one.tolist() for name, one in parts}
    return {**values, "hashcode": scorer.hash}


def bleurt(predictions: Sequence[str], references: Sequence[str]) -> dict[str, list[float]]:
    """Return no value for any sample."""
    _note("bleurt", BLEURT)
    return {"scores": [math.nan] * len(predictions)}


OPTIONAL: Mapping[str, Callable[..., Any]] = {"bertscore": bertscore, "bleurt": bleurt}
"""The metrics that may be without a value."""


def _note(name: str, why: str) -> None:
    notes = _notes.get()
    if notes is not None:
        notes.setdefault(name, why)


@cache
def _scorer(model: str, num_layers: int, options: tuple[tuple[str, Any], ...]) -> Any:
    return import_module("bert_score").BERTScorer(
        model_type=model, num_layers=num_layers, **dict(options)
    )
