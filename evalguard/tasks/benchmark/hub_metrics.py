"""Metrics that the ``evaluate`` package would download as code, computed from what is installed.

Tasks of lm-eval call ``evaluate.load("code_eval")`` and the like. :func:`load` replaces it: the
values are the same, nothing is downloaded, and code that a model wrote runs in the sandbox.
"""

from __future__ import annotations

import inspect
import os
import re
import string
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from importlib import import_module
from typing import Any

from evalguard.errors import UsageError, did_you_mean
from evalguard.scorers.code import pass_at_k
from evalguard.scorers.sandbox import SandboxKind, choose, passes
from evalguard.tasks.benchmark.optional_metrics import OPTIONAL, PACKAGES, refusal
from evalguard.tasks.benchmark.text_metrics import bleu, wer

CODE_SECONDS = 3.0
"""Limit of one program, that of ``code_eval``."""

CODE_BYTES = 4 << 30
"""Address space of one program, with room for numpy."""

code_allowed: ContextVar[bool] = ContextVar("code_allowed", default=False)
"""Whether the suite allows running code that a model wrote."""

sandbox_kind: ContextVar[SandboxKind] = ContextVar("sandbox_kind", default="auto")
"""The sandbox that the suite asks for."""

_REFUSED = "__evalguard_refused__"
"""Set in a module that would have downloaded a metric when it was imported."""

_refusals: ContextVar[list[str] | None] = ContextVar("refusals", default=None)

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


@contextmanager
def code_execution(allowed: bool, kind: SandboxKind = "auto") -> Iterator[None]:
    """Allow or forbid running a model's code within the block, in a sandbox of a kind."""
    token, kind_token = code_allowed.set(allowed), sandbox_kind.set(kind)
    try:
        yield
    finally:
        code_allowed.reset(token)
        sandbox_kind.reset(kind_token)


class LoadedMetric:
    """The part of what ``evaluate.load`` returns that tasks use."""

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self.name = name
        self._function = function

    def compute(self, **arguments: Any) -> Any:
        """Return the metric of predictions and references."""
        return self._function(**arguments)


def load(name: str, *_: Any, **__: Any) -> LoadedMetric:
    """Return a metric by its name on the hub.

    Raises:
        UsageError: If it would have to be downloaded.
    """
    known = {**INSTALLED, **OPTIONAL}
    if name not in known:
        hint = "" if name in PACKAGES else f". {did_you_mean(name, known)}"
        error = UsageError(f"{refusal(name)}{hint}")
        caller = sys._getframe(1)
        if caller.f_code.co_name == "<module>":
            caller.f_globals[_REFUSED] = str(error)
        elif (found := _refusals.get()) is not None:
            found.append(str(error))
        raise error
    return LoadedMetric(name, known[name])


def refused_on_import(function: Any) -> str:
    """Return why a metric was not loaded when a function's module was imported.

    Code that catches it scores by something else instead, such as an exact match. The modules that
    the function's module imports, and those of the functions that it does, are looked at too.
    """
    names = getattr(function, "__globals__", {})
    near = [
        getattr(one, "__globals__", None) or getattr(one, "__dict__", {}) for one in names.values()
    ]
    return next((str(one[_REFUSED]) for one in [names, *near] if _REFUSED in one), "")


@contextmanager
def refusals() -> Iterator[Sequence[str]]:
    """Collect why metrics were not loaded within the block, whether or not that was caught."""
    found: list[str] = []
    token = _refusals.set(found)
    try:
        yield found
    finally:
        _refusals.reset(token)


def code_permitted() -> bool:
    """Return whether the suite or ``HF_ALLOW_CODE_EVAL=1`` allows code that a model wrote."""
    return code_allowed.get() or os.environ.get("HF_ALLOW_CODE_EVAL") == "1"


def check_code_allowed() -> None:
    """Raise unless code that a model wrote may run, and there is a sandbox to run it in.

    Raises:
        UsageError: Unless the suite or ``HF_ALLOW_CODE_EVAL=1`` allows it, and the sandbox works.
    """
    if not code_permitted():
        raise UsageError(
            "this benchmark runs code that a model wrote, in a sandbox; set allow_code_execution: "
            "true for the task in the suite (or HF_ALLOW_CODE_EVAL=1)"
        )
    choose(sandbox_kind.get())


def run_code(program: str, tests: str, *, timeout_seconds: float = CODE_SECONDS) -> bool:
    """Return whether a program passes tests in the sandbox that the suite asks for."""
    return passes(
        program,
        tests,
        timeout_seconds=timeout_seconds,
        memory_bytes=CODE_BYTES,
        kind=sandbox_kind.get(),
    )


def _run_all(pairs: Set[tuple[str, str]], timeout_seconds: float) -> dict[tuple[str, str], bool]:
    """Return which programs pass their tests, as many at a time as there are processors."""
    context = copy_context()  # a thread has none of its own

    def run(pair: tuple[str, str]) -> bool:
        return context.copy().run(run_code, *pair, timeout_seconds=timeout_seconds)

    with ThreadPoolExecutor(min(len(pairs), os.cpu_count() or 1) or 1) as pool:
        return dict(zip(pairs, pool.map(run, pairs), strict=True))


def _code_eval(
    predictions: Sequence[Sequence[str]],
    references: Sequence[str],
    k: Sequence[int] = (1, 10, 100),
    num_workers: int = 1,
    timeout: float = CODE_SECONDS,
) -> tuple[dict[str, float], dict[int, list[Any]]]:
    """Return pass@k and each program's result (Chen et al. 2021, equation 1)."""
    check_code_allowed()
    results: dict[int, list[Any]] = defaultdict(list)
    rows = list(zip(predictions, references, strict=True))
    passed = _run_all({(one, tests) for programs, tests in rows for one in programs}, timeout)
    for task, (programs, tests) in enumerate(rows):
        for index, program in enumerate(programs):
            right = passed[program, tests]
            result = {"task_id": task, "passed": right, "completion_id": index}
            results[task].append((index, result))
    counts = [(len(found), sum(one["passed"] for _, one in found)) for found in results.values()]
    scores = {
        f"pass@{one}": sum(pass_at_k(n, right, one) for n, right in counts) / len(counts)
        for one in k
        if counts and all(n >= one for n, _ in counts)
    }
    return scores, results


def normalised_answer(text: str) -> str:
    """Return an answer as SQuAD compares it: lower case, no punctuation, articles or extra space.

    Example:
        >>> normalised_answer("The  House, of Ada!")
        'house of ada'
    """
    bare = text.lower().translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def _exact(prediction: str, answer: str) -> float:
    return float(normalised_answer(prediction) == normalised_answer(answer))


def _f1(prediction: str, answer: str) -> float:
    """Return the F1 over words; two empty answers agree."""
    found, right = normalised_answer(prediction).split(), normalised_answer(answer).split()
    if not found or not right:
        return float(found == right)
    shared = sum((Counter(found) & Counter(right)).values())
    return 2 * shared / (len(found) + len(right)) if shared else 0.0


def _best(measure: Callable[[str, str], float], prediction: str, answers: Sequence[str]) -> float:
    return max(measure(prediction, answer) for answer in answers)


def _squad(
    predictions: Sequence[Mapping[str, Any]], references: Sequence[Mapping[str, Any]]
) -> dict[str, float]:
    """Return SQuAD 1.1's figures, 0 to 100 (Rajpurkar et al. 2016)."""
    texts = {one["id"]: one["prediction_text"] for one in predictions}
    pairs = [(texts[one["id"]], one["answers"]["text"]) for one in references]
    return {
        "exact_match": 100 * sum(_best(_exact, *pair) for pair in pairs) / len(pairs),
        "f1": 100 * sum(_best(_f1, *pair) for pair in pairs) / len(pairs),
    }


def _squad_v2(
    predictions: Sequence[Mapping[str, Any]],
    references: Sequence[Mapping[str, Any]],
    no_answer_threshold: float = 1.0,
) -> dict[str, float]:
    """Return SQuAD 2.0's figures, 0 to 100 (Rajpurkar et al. 2018)."""
    texts = {one["id"]: one["prediction_text"] for one in predictions}
    no_answer = {one["id"]: float(one["no_answer_probability"]) for one in predictions}
    answers = {one["id"]: list(one["answers"]["text"]) for one in references}
    has_answer = {key: bool(listed) for key, listed in answers.items()}
    raw: dict[str, dict[str, float]] = {"exact": {}, "f1": {}}
    for key, listed in answers.items():
        golds = [text for text in listed if normalised_answer(text)] or [""]
        for name, measure in (("exact", _exact), ("f1", _f1)):
            raw[name][key] = _best(measure, texts[key], golds)
    scores: dict[str, float] = {}
    with_threshold = {
        name: {
            key: float(not has_answer[key]) if no_answer[key] > no_answer_threshold else value
            for key, value in values.items()
        }
        for name, values in raw.items()
    }
    for prefix, wanted in (("", None), ("HasAns_", True), ("NoAns_", False)):
        keys = [key for key in answers if wanted is None or has_answer[key] is wanted]
        if keys:
            for name, values in with_threshold.items():
                scores[f"{prefix}{name}"] = 100 * sum(values[key] for key in keys) / len(keys)
            scores[f"{prefix}total"] = len(keys)
    for name, values in raw.items():
        best, threshold = _best_threshold(values, texts, no_answer, has_answer)
        scores |= {f"best_{name}": best, f"best_{name}_thresh": threshold}
    return scores


def _best_threshold(
    values: Mapping[str, float],
    texts: Mapping[str, str],
    no_answer: Mapping[str, float],
    has_answer: Mapping[str, bool],
) -> tuple[float, float]:
    """Return the best score over all thresholds of the probability of no answer."""
    score = best = float(sum(not one for one in has_answer.values()))
    threshold = 0.0
    for key in sorted(no_answer, key=lambda one: no_answer[one]):
        if key not in values:
            continue
        if has_answer[key]:
            score += values[key]
        elif texts[key]:
            score -= 1
        if score > best:
            best, threshold = score, no_answer[key]
    return 100 * best / len(values), threshold


def _exact_match(predictions: Sequence[Any], references: Sequence[Any], **options: Any) -> Any:
    from lm_eval.api.metrics import exact_match_hf_evaluate

    return exact_match_hf_evaluate(predictions, references, **options)


def _of_labels(name: str, function: str) -> Callable[..., dict[str, float]]:
    """Return a metric of scikit-learn under the name that the hub has it."""

    def compute(
        predictions: Sequence[Any], references: Sequence[Any], **options: Any
    ) -> dict[str, float]:
        from sklearn import metrics

        value = getattr(metrics, function)(references, predictions, **options)
        return {name: float(value) if getattr(value, "size", 1) == 1 else value}

    return compute


def _rouge(
    predictions: Sequence[str],
    references: Sequence[Any],
    *,
    rouge_types: Sequence[str] = ("rouge1", "rouge2", "rougeL", "rougeLsum"),
    use_aggregator: bool = True,
    use_stemmer: bool = False,
    tokenizer: Callable[[str], list[str]] | None = None,
) -> dict[str, Any]:
    """Return ROUGE's F-measures; the mean over samples where they are aggregated."""
    from rouge_score.rouge_scorer import RougeScorer

    class _Tokenizer:
        def tokenize(self, text: str) -> list[str]:
            assert tokenizer is not None
            return tokenizer(text)

    kinds = list(rouge_types)
    scorer = RougeScorer(kinds, use_stemmer=use_stemmer, tokenizer=tokenizer and _Tokenizer())
    found: dict[str, list[float]] = {kind: [] for kind in kinds}
    for prediction, right in zip(predictions, references, strict=True):
        score = scorer.score_multi(right if isinstance(right, list) else [right], prediction)
        for kind in kinds:
            found[kind].append(score[kind].fmeasure)
    if not use_aggregator:
        return dict(found)
    return {kind: sum(values) / len(values) for kind, values in found.items()}


def _of_sacrebleu(function: str) -> Callable[..., dict[str, float]]:
    def compute(
        predictions: Sequence[str], references: Sequence[Any], **options: Any
    ) -> dict[str, float]:
        import sacrebleu

        listed = [one if isinstance(one, list) else [one] for one in references]
        streams = [list(stream) for stream in zip(*listed, strict=True)]
        score = getattr(sacrebleu, function)(list(predictions), streams, **options)
        return {"score": float(score.score)}

    return compute


INSTALLED: Mapping[str, Callable[..., Any]] = {
    "accuracy": _of_labels("accuracy", "accuracy_score"),
    "bleu": bleu,
    "chrf": _of_sacrebleu("corpus_chrf"),
    "code_eval": _code_eval,
    "exact_match": _exact_match,
    "f1": _of_labels("f1", "f1_score"),
    "matthews_correlation": _of_labels("matthews_correlation", "matthews_corrcoef"),
    "precision": _of_labels("precision", "precision_score"),
    "recall": _of_labels("recall", "recall_score"),
    "rouge": _rouge,
    "sacrebleu": _of_sacrebleu("corpus_bleu"),
    "squad": _squad,
    "squad_v2": _squad_v2,
    "ter": _of_sacrebleu("corpus_ter"),
    "wer": wer,
}
"""Every metric that is always computed."""

_COMPUTED_BY: Mapping[str, tuple[str, str]] = {
    "accuracy": ("sklearn.metrics", "accuracy_score"),
    "chrf": ("sacrebleu", "corpus_chrf"),
    "exact_match": ("lm_eval.api.metrics", "exact_match_hf_evaluate"),
    "f1": ("sklearn.metrics", "f1_score"),
    "matthews_correlation": ("sklearn.metrics", "matthews_corrcoef"),
    "precision": ("sklearn.metrics", "precision_score"),
    "recall": ("sklearn.metrics", "recall_score"),
    "sacrebleu": ("sacrebleu", "corpus_bleu"),
    "ter": ("sacrebleu", "corpus_ter"),
}
"""The function of another package that takes a metric's options."""


def options_of(metric: str | Callable[..., Any]) -> frozenset[str] | None:
    """Return the options that a metric takes besides answers and targets; ``None`` for any.

    Args:
        metric: The name of one of :data:`INSTALLED`, or a function.

    Example:
        >>> sorted(options_of("bleu"))
        ['max_order', 'smooth', 'tokenizer']
    """
    if isinstance(metric, str):
        module, name = _COMPUTED_BY.get(metric, ("", ""))
        function = getattr(import_module(module), name) if module else INSTALLED[metric]
    else:
        function = metric
    try:
        parameters = inspect.signature(function).parameters
    except ValueError:  # some functions in C do not say
        return None
    if any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        return None
    given = set(list(parameters)[:2]) if isinstance(metric, str) else {"predictions", "references"}
    return frozenset(parameters) - given
