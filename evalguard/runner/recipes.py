"""The gates of a recipe: several trainings of it, each a candidate, decided on together."""

from __future__ import annotations

from collections.abc import Sequence

from evalguard.config import Project
from evalguard.errors import MeasurementError, UsageError
from evalguard.gates.decide import decide
from evalguard.gates.results import error_result
from evalguard.gates.seeds import recipe_of
from evalguard.records import Comparison, Gate, GateResult
from evalguard.runner.deciding import compare_gate
from evalguard.runner.prepare import Check
from evalguard.runner.schedule import Selected


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
    for index, (gate, recipe) in enumerate(check.recipes):
        try:
            comparisons[index] = _compared(check, gate, recipe)
        except MeasurementError as error:
            found[index] = error_result(gate, recipe, str(error))
    decided = decide(
        list(comparisons.values()),
        confidence_level=check.project.thresholds.confidence_level,
        candidates=check.project.sharing,
    )
    found |= dict(zip(comparisons, decided, strict=True))
    return tuple(found[index] for index in range(len(check.recipes)))


def _compared(check: Check, gate: Gate, recipe: str) -> Comparison:
    """Return the comparison of a recipe.

    Raises:
        MeasurementError: If a seed cannot be compared, or two of them are one adapter.
    """
    seeds = check.project.recipes[recipe]
    known: dict[str, str] = {}
    each = []
    for seed in seeds:
        try:
            each.append(compare_gate(check, gate, seed))
        except MeasurementError as error:
            raise MeasurementError(f"{seed}: {error}") from error
        other = known.setdefault(check.pool.weights(seed), seed)
        if other != seed:
            raise MeasurementError(
                f"'{other}' and '{seed}' are the same adapter, so they do not show how trainings "
                "differ; train each with a seed of its own"
            )
    return recipe_of(each, recipe)
