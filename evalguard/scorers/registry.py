"""Scorers by name: the built-in ones, those of installed packages, and a project's own."""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, TypeVar

from evalguard import plugins
from evalguard.code import reads
from evalguard.errors import DataError, UsageError, did_you_mean
from evalguard.records import Metric, ScoreKind
from evalguard.scorers.binding import CorpusMetric, ScoreFunction, Scorer, TargetCheck
from evalguard.scorers.options import bind
from evalguard.scorers.versions import changed_since, remember_code, scorer_version

BUILT_IN: dict[str, str] = {
    "exact_match": "text",
    "contains": "text",
    "regex": "text",
    "numeric": "numeric",
    "multiple_choice": "choice",
    "label": "choice",
    "label_set": "label_set",
    "token_f1": "overlap",
    "rouge_l": "overlap",
    "bleu": "overlap",
    "chrf": "overlap",
    "json_valid": "structure",
    "json_schema": "structure",
    "json_fields": "fields",
    "yaml_valid": "structure",
    "python_parse": "code",
    "unit_tests": "code",
    "sql_valid": "code",
    "constraints": "constraints",
    "refusal": "refusal",
    "compliance": "refusal",
    "abstention": "abstention",
    "answered": "abstention",
    "withheld": "leakage",
}
"""Name of each built-in scorer and the module that registers it."""

ENTRY_POINT_GROUP = "evalguard.scorers"


@dataclass(frozen=True, slots=True)
class Definition:
    """A registered scoring function and what it declares."""

    name: str
    function: ScoreFunction
    metrics: tuple[Metric, ...]
    corpus: tuple[CorpusMetric, ...]
    libraries: tuple[str, ...]
    version: str
    source: str
    arity: int
    check_target: TargetCheck | None = None
    check_row: TargetCheck | None = None
    target_is_answer: bool = False
    loses: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()


_registered: dict[str, Definition] = {}

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def scorer(
    *,
    name: str,
    kind: ScoreKind | str = ScoreKind.BINARY,
    low: float = 0.0,
    high: float = 1.0,
    higher_is_better: bool = True,
    metrics: Sequence[Metric] | None = None,
    corpus: Sequence[CorpusMetric] = (),
    libraries: Sequence[str] = (),
    version: str = "1",
    check_target: TargetCheck | None = None,
    check_row: TargetCheck | None = None,
    target_is_answer: bool = False,
    loses: Sequence[str] = (),
    schemas: Sequence[str] = (),
    silence_may_win: bool = False,
) -> Callable[[FunctionT], FunctionT]:
    """Register a function as a scorer.

    The function takes the output and, optionally, the target and the row, by position. Its
    keyword-only parameters are its options, validated by their annotations. A target that is only
    taken for the row behind it, and not read, is named with an underscore: ``_target``.

    Args:
        name: Its name in suites, and that of its metric if it has only one.
        kind: ``binary`` or ``bounded``: which statistical test its differences use.
        low: Minimum score.
        high: Maximum score.
        higher_is_better: Direction of the score.
        metrics: Several metrics instead of one; the function then returns a mapping of them.
        corpus: Metrics of the whole set.
        libraries: Installed packages whose version may change the score.
        version: Change it if something outside the function's file changes the score.
        check_target: ``(target, row, **options)`` to what makes the target one that no answer can
            match, and what would be possible; ``None`` for a good one. Called for every row before
            any model runs.
        check_row: The same for whatever else the scorer reads from the row.
        target_is_answer: The target is an example of a right answer. Scored as an answer it must
            score best, or the row is rejected before any model runs.
        loses: Answers that score worse than others, such as one with a word that must not be
            written. Needed where every answer that is tried before a check scores the same, which
            is otherwise an error: such a gate could not fail.
        schemas: Options that are JSON schemas; in a suite each may be the path of a file or refer
            to files.
        silence_may_win: An empty answer, a loop and what is no language may score better than the
            worst, as where nothing harmful must be written. They otherwise get the worst score in
            a comparison with a baseline that answered.

    Returns:
        A decorator that returns the function unchanged.

    Raises:
        UsageError: If the name is taken, the kind unknown, or the function's parameters do not fit.

    Example:
        >>> @scorer(name="is_short", kind="binary")
        ... def is_short(output: str, *, max_words: int = 20) -> bool:
        ...     return len(output.split()) <= max_words
        >>> get("is_short", max_words=2).score("Yes, it is.", "", {})
        {'is_short': 0.0}
    """
    declared = tuple(metrics) if metrics is not None else None
    if declared is None:
        kinds = [one.value for one in (ScoreKind.BINARY, ScoreKind.BOUNDED)]
        if kind not in kinds:
            raise UsageError(f"scorer '{name}': kind={kind!r}. {did_you_mean(str(kind), kinds)}")
        declared = (Metric(name, ScoreKind(kind), low, high, higher_is_better),)
    if silence_may_win:
        declared = tuple(replace(metric, silence_may_win=True) for metric in declared)

    def register(function: FunctionT) -> FunctionT:
        source = inspect.getsourcefile(function) or function.__module__
        taken = _registered.get(name)
        if name in BUILT_IN and not function.__module__.startswith(f"{__package__}."):
            raise UsageError(f"scorer '{name}' of {source} is built in. Choose another name.")
        if taken is not None and taken.source != source:
            raise UsageError(
                f"scorer '{name}' of {source} is already defined in {taken.source}. Rename one."
            )
        taken_by_position = _positional(name, function)
        reads = any(not one.startswith("_") for one in taken_by_position[1:2])
        _registered[name] = Definition(
            name=name,
            function=function,
            metrics=tuple(replace(metric, reads_target=reads) for metric in declared),
            corpus=tuple(corpus),
            libraries=tuple(libraries),
            version=version,
            source=source,
            arity=len(taken_by_position),
            check_target=check_target,
            check_row=check_row,
            target_is_answer=target_is_answer,
            loses=tuple(loses),
            schemas=tuple(schemas),
        )
        return function

    return register


def _positional(name: str, function: ScoreFunction) -> list[str]:
    """Return what a function calls those of output, target and row that it takes."""
    positional = [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    if not 1 <= len(positional) <= 3:
        raise UsageError(
            f"scorer '{name}': the function takes {len(positional)} positional parameters; it must "
            "take the output, or output and target, or output, target and row. Put options after *."
        )
    return positional


def is_built_in(name: str) -> bool:
    """Return whether a scorer is one of this package."""
    return name in BUILT_IN


def names() -> tuple[str, ...]:
    """Return the names of all scorers: built in, of installed packages, and loaded from files."""
    return tuple(sorted({*BUILT_IN, *plugins.points(ENTRY_POINT_GROUP), *_registered}))


def get(name: str, **options: Any) -> Scorer:
    """Return a scorer with its options bound.

    Args:
        name: One of :func:`names`.
        **options: Options of the scorer.

    Raises:
        UsageError: If the name or an option is unknown or a value does not fit; lists every
            option at fault.
    """
    definition = find_definition(name)
    arguments = bind(name, definition.function, options)
    return Scorer(
        name=name,
        version=scorer_version(
            name,
            definition.function,
            None if name in BUILT_IN else definition.source,
            version=definition.version,
            options=options,
            libraries=definition.libraries,
        ),
        sample_metrics=definition.metrics,
        corpus_metrics={one.metric.name: one for one in definition.corpus},
        function=definition.function,
        arity=definition.arity,
        options=options,
        arguments=arguments,
        check_target=definition.check_target,
        check_row=definition.check_row,
        target_is_answer=definition.target_is_answer,
        loses=definition.loses,
    )


def schema_options(name: str) -> tuple[str, ...]:
    """Return the options of a scorer that are JSON schemas; none of one that is not loaded yet."""
    return find_definition(name).schemas if name in BUILT_IN or name in _registered else ()


def metrics(name: str, options: Mapping[str, Any] | None = None) -> tuple[Metric, ...]:
    """Return what a scorer measures; raises like :func:`get`."""
    return get(name, **(options or {})).metrics


def load_module(path: Path) -> tuple[str, ...]:
    """Run a file of decorated functions and return the names of the scorers it defines.

    Raises:
        DataError: If the file is missing, does not run, or changes meanwhile.
        UsageError: If it defines no scorer, or one whose name is taken.
    """
    reads.listen()
    module_name = f"_evalguard_scorers_{hashlib.sha256(bytes(path.resolve())).hexdigest()[:16]}"
    spec = spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise DataError(f"{path}: no such Python file. Give the path of a file that ends in .py.")
    module = module_from_spec(spec)
    before = remember_code(path)
    sys.modules[module_name] = module  # dataclasses and type hints look their module up by name
    try:
        spec.loader.exec_module(module)
    except (UsageError, KeyboardInterrupt):
        raise
    except BaseException as error:  # the file is the user's: SystemExit, what pytest.skip() raises
        raise DataError(
            f"{path}: cannot be loaded: {error!r}. Run it with python to see."
        ) from error
    if changed := changed_since(before):
        raise DataError(f"{changed}: changed while it was loaded. Run again.")
    found = tuple(
        one.name for one in _registered.values() if one.function.__module__ == module_name
    )
    if not found:
        raise UsageError(f"{path}: defines no scorer. Put @scorer(name=…) above a function.")
    return found


def find_definition(name: str) -> Definition:
    """Return a scorer without its options bound, importing what registers it.

    Raises:
        UsageError: If there is none, or what a package registers cannot be loaded.
    """
    if name in BUILT_IN:
        import_module(f"evalguard.scorers.{BUILT_IN[name]}")
    elif (
        name not in _registered
        and (point := plugins.points(ENTRY_POINT_GROUP).get(name)) is not None
    ):
        reads.listen()
        try:
            point.load()
        except (Exception, SystemExit) as error:  # another package's code may raise anything
            raise UsageError(
                f"scorer '{name}': its entry point {point.value} cannot be loaded: {error!r}. "
                "Fix or uninstall the package that provides it."
            ) from error
        if name not in _registered:
            raise UsageError(
                f"scorer '{name}': the entry point {point.value} registers no scorer of that "
                "name. Name the entry point as its @scorer(name=…)."
            )
    if name not in _registered:
        raise UsageError(f"unknown scorer '{name}'. {did_you_mean(name, names())}")
    return _registered[name]
