"""``thresholds/NAME.yaml``: what a candidate must hold to be released."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    GetJsonSchemaHandler,
    PlainValidator,
    ValidationError,
    model_validator,
)
from pydantic_core import CoreSchema, InitErrorDetails

from evalguard.config_model import ConfigModel, Name, NonEmpty
from evalguard.demands import Demand, all_demands, find_demand
from evalguard.demands.registry import conflict, in_order, is_demand
from evalguard.records import OnInconclusive, Role

EACH_TASK = "*"
"""Instead of a task's name: a gate on each task of the suite."""


def _read_demands(given: dict[str, Any]) -> tuple[Demand[Any], ...]:
    """Read each demand by its key, and raise with every problem at once."""
    demands: list[Demand[Any]] = []
    problems: list[InitErrorDetails] = []
    for key, value in given.items():
        demand = find_demand(key)
        try:
            demands += [] if value is None else [demand(demand.parse(value))]
        except ValueError as error:
            problems.append(
                InitErrorDetails(type="value_error", loc=(key,), input=value, ctx={"error": error})
            )
    if problems:
        raise ValidationError.from_exception_data("demands", problems)
    return in_order(demands)


def _demand_schemas() -> dict[str, Any]:
    """Return the JSON schema of each demand by its key."""
    return {
        demand.key: {
            "anyOf": [dict(demand.schema), {"type": "null"}],
            "default": None,
            "description": demand.about,
            "title": demand.key.replace("_", " ").title(),
        }
        for demand in all_demands()
    }


class _Demanding(ConfigModel):
    """A row with demands, each under its own key in the file."""

    demands: Annotated[tuple[Demand[Any], ...], PlainValidator(_read_demands)] = ()
    """What must hold; in the file, each under its own key."""
    role: Role = Role.GUARD
    """`guard` must PASS; `tripwire` must not FAIL, but need not PASS."""

    @model_validator(mode="before")
    @classmethod
    def _gather_demands(cls, row: Any) -> Any:
        """Put what stands under keys of demands into one field."""
        if not isinstance(row, dict):
            return row
        if "demands" in row:
            error = InitErrorDetails(type="extra_forbidden", loc=("demands",), input=row["demands"])
            raise ValidationError.from_exception_data(cls.__name__, [error])
        given = {key for key in row if key not in cls.model_fields and is_demand(key)}
        rest = {key: value for key, value in row.items() if key not in given}
        return {**rest, "demands": {key: row[key] for key in row if key in given}}

    @model_validator(mode="after")
    def _requires_something(self) -> Self:
        if problem := conflict(self.demands):
            raise ValueError(problem)
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return the schema of a row as users write it, with a key for each demand."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        properties: dict[str, Any] = {}
        for name, each in schema["properties"].items():
            properties |= _demand_schemas() if name == "demands" else {name: each}
        schema["properties"] = properties
        return schema


class GateConfig(_Demanding):
    """One requirement on one metric of one suite; if several are given, all must hold."""

    name: Name | None = None
    """Name in reports."""
    suite: NonEmpty
    """One of the project's suites."""
    metric: NonEmpty
    """A metric of the suite, such as `acc` or `exact_match`."""
    task: NonEmpty | None = None
    """One task of the suite; by default all that measure the metric together, with `*` each."""
    weights: Literal["size", "equal"] | None = None
    """Weight the suite's tasks by their number of samples, or equally; by default as their lm-eval
    group says, or else by size."""
    error_difference: float = Field(default=0.0, ge=0.0, lt=1.0)
    """How much the error rates of the judge, or of the rules that detect refusals and abstentions,
    may differ between the baseline's and the candidate's answers, as a share."""

    @property
    def gate_name(self) -> str:
        """Name in reports."""
        return self.name or " ".join(filter(None, (self.suite, self.task, self.metric)))


def _without_duplicates(gates: tuple[GateConfig, ...]) -> tuple[GateConfig, ...]:
    names = [gate.gate_name for gate in gates]
    targets = [(gate.suite, gate.task, gate.metric) for gate in gates]
    for index in range(len(gates)):
        if names[index] in names[:index]:
            raise ValueError(
                f"gates[{names.index(names[index])}] and gates[{index}] are both called "
                f"'{names[index]}'; rename one"
            )
        if targets[index] in targets[:index]:
            raise ValueError(
                f"gates[{targets.index(targets[index])}] and gates[{index}] are on the same metric "
                "of the same suite; join them into one"
            )
    return gates


class PooledConfig(_Demanding):
    """One requirement on the mean difference over several gates, beside what each requires."""

    name: Name
    """Name in reports."""
    gates: tuple[NonEmpty, ...] = Field(min_length=2, strict=False)  # a list, as YAML has it
    """Names of the gates; their scores go from 0 to 1, and each sample has one."""
    weights: Literal["equal", "size"] = "equal"
    """Whether every gate counts the same, or every sample."""
    confidence_level: float | None = Field(default=None, gt=0.5, lt=1)
    """One-sided confidence level of this verdict; by default that of the gates."""

    @model_validator(mode="after")
    def _is_of_points(self) -> Self:
        for demand in self.demands:
            unit = getattr(demand.value, "unit", "")
            if not demand.on_difference or unit != "pp":
                raise ValueError(
                    f"{demand.key}: {demand.value}, but a pooled difference is in percentage "
                    "points; write max_drop or min_gain in pp, such as 'max_drop: 1pp'"
                )
        return self


class ThresholdsConfig(ConfigModel):
    """The gates of a release."""

    version: Literal[1]
    """Version of this file format."""
    confidence_level: float = Field(default=0.95, gt=0.5, lt=1)
    """One-sided confidence level of every verdict."""
    on_inconclusive: OnInconclusive = "fail"
    """Whether an undecided guard blocks the release, or tripwires of which none passed."""
    on_underpowered: Literal["error", "warn"] = "warn"
    """What happens before the run to a gate that could not pass even an unchanged model."""
    gates: Annotated[tuple[GateConfig, ...], AfterValidator(_without_duplicates)] = Field(
        min_length=1
    )
    pooled: tuple[PooledConfig, ...] = ()
    """Requirements on the mean difference over several gates: small losses everywhere."""
