"""Files of labels: their own columns and values, and scales of scores."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from evalguard.config_model import ConfigModel, NonEmpty
from evalguard.scorers.written import written

LABELLED = "labelled"
"""Key of the file of labelled answers, which `evalguard label` makes."""

Value = str | bool | int | float | None
Values = Annotated[tuple[Value, ...], Field(strict=False)]


class Scale(ConfigModel):
    """A scale of scores."""

    low: float
    """Worst score."""
    high: float
    """Best score."""
    pass_from: float | None = None
    """Score from which an answer passes, for `kind: judge`."""

    @model_validator(mode="after")
    def _is_a_scale(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"low {self.low:g} is not below high {self.high:g}")
        if self.pass_from is not None and not self.low < self.pass_from <= self.high:
            raise ValueError(
                f"pass_from {self.pass_from:g} is outside {self.low:g} (excluded) to {self.high:g}"
            )
        return self


class Labels(ConfigModel):
    """A file of labels by people, with names of its own; without any, its bare path does."""

    file: NonEmpty
    """Data file (see docs/suites.md), relative to the suite file."""
    columns: dict[NonEmpty, NonEmpty] = Field(default_factory=dict)
    """Its names of our columns: `{question: instruction, a: output_1, b: output_2, better: vote}`.
    `question` is the whole prompt as it was asked; others are columns of `data`."""
    values: dict[NonEmpty, Value | Values] = Field(default_factory=dict)
    """Its values of our labels: `{a: 1, b: 2, tie: [0, 1.5]}` or `{yes: ok, no: [poor, bad]}`;
    rows whose value is listed under `skip` are left out. Any other value is an error."""
    scale: Scale | None = None
    """The scale, where the labels are scores."""
    annotators: Literal["majority", "all"] = "majority"
    """Where several people labelled the same answer or pair: what most of them say, or only that
    on which all agree."""

    @model_validator(mode="after")
    def _names_each_value_once(self) -> Self:
        if self.scale is not None and self.values:
            raise ValueError("'values' and 'scale' both say what a label means; remove one")
        spellings = [written(value) for values in self.listed.values() for value in values]
        if twins := sorted({one for one in spellings if spellings.count(one) > 1}):
            raise ValueError(f"'values' gives {', '.join(twins)} two meanings; list each once")
        return self

    @property
    def listed(self) -> dict[str, tuple[Value, ...]]:
        """Its values of each of our labels."""
        return {
            ours: theirs if isinstance(theirs, tuple) else (theirs,)
            for ours, theirs in self.values.items()
        }

    @property
    def is_mapped(self) -> bool:
        """Whether the file has another form than the one that `evalguard label` writes."""
        return bool(self.columns or self.values or self.scale)


LabelFile = Annotated[
    Labels,
    BeforeValidator(
        lambda value: {"file": value} if isinstance(value, str) else value,
        json_schema_input_type=NonEmpty | Labels,
    ),
]
