"""Does an answer meet the constraints on its form? Checked by counting, not by a judge."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator

from evalguard.errors import MeasurementError, did_you_mean
from evalguard.records import Metric, ScoreKind
from evalguard.scorers.extract import normalise
from evalguard.scorers.registry import scorer
from evalguard.scorers.targets import kept_constraints
from evalguard.scorers.words import holds

_SENTENCE_END = re.compile(r"[.!?]+(?=\s|$)")
_LIST_ITEM = re.compile(r"^[ \t]*(?:[-*•+]|\d{1,3}[.)])[ \t]+\S", re.M)


def _count_words(output: str) -> int:
    return len(output.split())


def _count_sentences(output: str) -> int:
    return max(len(_SENTENCE_END.findall(output)), 1 if output.strip() else 0)


def _count_paragraphs(output: str) -> int:
    return sum(1 for part in re.split(r"\n\s*\n", output) if part.strip())


def _count_items(output: str) -> int:
    return len(_LIST_ITEM.findall(output))


def _includes(output: str, wanted: Any) -> bool:
    text = normalise(output)
    return all(holds(text, normalise(one)) for one in _strings(wanted))


def _excludes(output: str, unwanted: Any) -> bool:
    text = normalise(output)
    return not any(holds(text, normalise(one)) for one in _strings(unwanted))


def _strings(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(one) for one in value]


CHECKS: dict[str, Callable[[str, Any], bool]] = {
    "min_words": lambda output, n: _count_words(output) >= n,
    "max_words": lambda output, n: _count_words(output) <= n,
    "min_sentences": lambda output, n: _count_sentences(output) >= n,
    "max_sentences": lambda output, n: _count_sentences(output) <= n,
    "paragraphs": lambda output, n: _count_paragraphs(output) == n,
    "list_items": lambda output, n: _count_items(output) == n,
    "include": _includes,
    "exclude": _excludes,
    "starts_with": lambda output, text: output.lstrip().startswith(text),
    "ends_with": lambda output, text: output.rstrip().endswith(text),
    "letters": lambda output, case: output == getattr(output, str(case))(),
}
"""Each constraint by name: (output, what was asked) to whether it is kept."""

_COUNTS = ("min_words", "max_words", "min_sentences", "max_sentences", "paragraphs", "list_items")


def problems_of(asked: object) -> list[str]:
    """Return what is wrong with a mapping of constraints; nothing where it can be checked."""
    if not isinstance(asked, Mapping) or not asked:
        return [f"must be a mapping of at least one constraint, got {asked!r}"]
    found = []
    for name, value in asked.items():
        if name not in CHECKS:
            found.append(f"unknown constraint '{name}'. {did_you_mean(str(name), CHECKS)}")
        elif name in _COUNTS:
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                found.append(f"{name} must be a count, got {value!r}")
        elif name == "letters":
            if value not in ("lower", "upper"):
                found.append(f"letters must be 'lower' or 'upper', got {value!r}")
        elif not (isinstance(value, str) and value) and not (
            name in ("include", "exclude")
            and isinstance(value, list)
            and value
            and all(isinstance(one, str) and one for one in value)
        ):
            found.append(f"{name} must be text, got {value!r}")
    return found


def _checked(asked: dict[str, Any] | None) -> dict[str, Any] | None:
    """Refuse constraints that cannot be checked."""
    if asked is not None and (found := problems_of(asked)):
        raise ValueError("; ".join(found))
    return asked


def variants(output: str) -> list[str]:
    """Return an output as it stands and without what often frames an answer.

    As IFEval's loose accuracy (Zhou et al. 2023): without its first line, without its last line,
    without both, each also without asterisks.
    """
    lines = output.strip().splitlines()
    parts = [lines, lines[1:], lines[:-1], lines[1:-1]]
    plain = ["\n".join(part).strip() for part in parts if part]
    return list(dict.fromkeys([output, *plain, *(text.replace("*", "") for text in plain)]))


@scorer(
    name="constraints",
    metrics=(
        Metric("constraints"),
        Metric("constraints_lenient"),
        Metric("constraints_share", ScoreKind.BOUNDED),
    ),
    check_row=kept_constraints,
)
def constraints(
    output: str,
    target: str,
    row: Mapping[str, Any],
    *,
    require: Annotated[dict[str, Any] | None, AfterValidator(_checked)] = None,
    column: str = "constraints",
) -> dict[str, float]:
    """Score 1 where the output keeps all constraints of :data:`CHECKS` that are asked.

    Without the option ``require``, each row's ``column`` holds its own, as a mapping of name to
    value. Strict: the output as it stands. Lenient: one of its :func:`variants` keeps all.
    ``constraints_share`` is the share kept by the output as it stands.

    Raises:
        MeasurementError: If the row's constraints cannot be checked.
    """
    asked: Mapping[str, Any] | None = require if require is not None else row.get(column)
    if found := problems_of(asked):
        raise MeasurementError(f"column '{column}': " + "; ".join(found))
    assert asked is not None
    if not output.strip():
        return {"constraints": 0.0, "constraints_lenient": 0.0, "constraints_share": 0.0}
    kept = [CHECKS[name](output, value) for name, value in asked.items()]
    lenient = all(kept) or any(
        text and all(CHECKS[name](text, value) for name, value in asked.items())
        for text in variants(output)
    )
    return {
        "constraints": float(all(kept)),
        "constraints_lenient": float(lenient),
        "constraints_share": sum(kept) / len(kept),
    }
