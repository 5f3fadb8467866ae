"""The gates of a recipe: several trainings of it, each a candidate, decided on together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from evalguard.config import Project
from evalguard.errors import MeasurementError, UsageError
from evalguard.gates.decide import decide
from evalguard.gates.results import error_result
from evalguard.gates.seeds import recipe_of
from evalguard.records import Comparison, Gate, GateResult
from evalguard.runner.deciding import compare_gate
from evalguard.runner.prepare import Check
from evalguard.runner.schedule import Selected

MOST_ALIKE = 0.999
"""Cosine of the changes of two trainings above which they count as one."""

_EXPECTED = "so they do not show how trainings differ; train each with a seed of its own"


def with_seeds(project: Project, selected: Sequence[Selected], *, extend: int) -> list[Selected]:
    """Return the gates that are measured: those of each recipe's seeds in place of its own.

    Raises:
        UsageError: If a recipe is to be extended: its seeds are the same in every stage, so that
            what the stages show is not independent.
    """
    recipes = project.recipes
    named = next((model for _, model in selected if model in recipes), None)
    if named is not None and extend:
        raise UsageError(
            f"--extend {extend}: '{named}' is a recipe of {len(recipes[named])} seeds, which is "
            f"decided once. Train more seeds and list them under candidates.{named}.seeds"
        )
    return list(
        dict.fromkeys(
            (gate, seed) for gate, model in selected for seed in recipes.get(model, (model,))
        )
    )


def decide_recipes(check: Check) -> tuple[GateResult, ...]:
    """Decide the gates of every recipe, on all planned samples of all of its seeds.

    Returns:
        The results in the order of the check's recipes; what cannot be compared is an ERROR.
    """
    found: dict[int, GateResult] = {}
    comparisons: dict[int, Comparison] = {}
    same: dict[str, str] = {}
    for index, (gate, recipe) in enumerate(check.recipes):
        try:
            compared = _compared(check, gate, recipe)
            if recipe not in same:  # only now are all seeds known to have files that can be read
                same[recipe] = _same_training(check, recipe)
            if same[recipe]:
                raise MeasurementError(same[recipe])
            comparisons[index] = compared
        except MeasurementError as error:
            found[index] = error_result(gate, recipe, str(error))
    decided = decide(
        list(comparisons.values()),
        confidence_level=check.project.thresholds.confidence_level,
        candidates=check.project.sharing,
    )
    found |= dict(zip(comparisons, decided, strict=True))
    return tuple(found[index] for index in range(len(check.recipes)))


def _same_training(check: Check, recipe: str) -> str:
    """Say which two seeds of a recipe are one adapter; empty where all differ."""
    for one, other in combinations(check.project.recipes[recipe], 2):
        if check.pool.weights(one) == check.pool.weights(other):
            return f"'{one}' and '{other}' are the same adapter, {_EXPECTED}"
        alike = check.pool.likeness(one, other)
        if alike is not None and abs(alike) > MOST_ALIKE:
            return (
                f"'{one}' and '{other}' change the weights alike (cosine {alike:.4f}), as the same "
                f"adapter saved in another way does, {_EXPECTED}"
            )
    return ""


def _compared(check: Check, gate: Gate, recipe: str) -> Comparison:
    """Return the comparison of a recipe.

    Raises:
        MeasurementError: If a seed cannot be compared.
    """
    each = []
    for seed in check.project.recipes[recipe]:
        try:
            each.append(compare_gate(check, gate, seed))
        except MeasurementError as error:
            raise MeasurementError(f"{seed}: {error}") from error
    return recipe_of(each, recipe)
