"""Answers that another model holds against a criterion, and the labelled ones that admit it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evalguard.errors import DataError, MeasurementError
from evalguard.records import ScoredSample
from evalguard.scorers.probes import APPROVAL, APPROVED
from evalguard.tasks.base import (
    Prepared,
    Render,
    content_id,
    generation_settings,
    generations,
    unique_ids,
)
from evalguard.tasks.prompts import PromptedRow, PromptRows
from evalguard.tasks.rows import Row

TEMPLATE = """You check answers against a criterion.

Criterion: {{ criterion }}

Question:
{{ question }}

Answer:
{{ answer }}

Does the answer meet the criterion? Reply with Yes or No."""
"""What stands first is the same for all answers, so that engines read it once."""

FEWEST_OF_A_LABEL = 10
"""Labelled answers of either kind without which nothing can be said of a judge."""

_LABELS = {"yes": True, "no": False, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Labelled:
    """An answer that people have labelled.

    Attributes:
        asked: What the judge is asked about it.
        label: Whether it meets the criterion.
    """

    asked: str
    label: bool


def read_label(value: Any) -> bool | None:
    """Return a label as it stands in a file: yes or no, or true or false; ``None`` for others."""
    return _LABELS.get(str(value).strip().lower())


class Judge:
    """Prompts whose answers a judge holds against a criterion.

    Args:
        suite: Name of the suite that it stands in.
        name: Name within the suite.
        rows: The data file and the prompt of each row.
        labelled: The file of labelled answers, with the same prompts.
        criterion: What a good answer does.
        template: Jinja template of what the judge is asked.
        max_new_tokens: Longest answer in tokens.
        stop: Strings that end it.
    """

    metrics = (APPROVED, APPROVAL)

    def __init__(
        self,
        suite: str,
        name: str,
        *,
        rows: PromptRows,
        labelled: PromptRows,
        criterion: str,
        template: str | None = None,
        max_new_tokens: int = 256,
        stop: Sequence[str] = (),
    ) -> None:
        self.suite = suite
        self.name = name
        self._rows = rows
        self._labelled = labelled
        self._criterion = criterion
        self._template = template or TEMPLATE
        self._generation = generation_settings(max_new_tokens, stop, 0.0)

    @property
    def definition(self) -> Mapping[str, Any]:
        """What the judge is asked; prompts and settings are in the sample ids."""
        return {"kind": "judge", "criterion": self._criterion, "template": self._template}

    def prepare(self, render: Render | None) -> list[Prepared]:
        """Return every row as a request for its answer.

        Raises:
            DataError: If a file is missing, empty or broken, a template names no column, or there
                are too few labelled answers.
        """
        self.labelled(render)
        return self.requests(render)

    def requests(self, render: Render | None) -> list[Prepared]:
        """Return every row as a request for its answer, whether or not there are labels.

        Raises:
            DataError: If the file is missing, empty or broken, or a template names no column.
        """
        prompted = self._rows.prompts(render)
        ids = unique_ids(
            content_id(self.name, one.text, self._generation, one.row.data) for one in prompted
        )
        return [self._prepared(one, id_) for one, id_ in zip(prompted, ids, strict=True)]

    def labelled(self, render: Render | None) -> list[Labelled]:
        """Return the labelled answers.

        Args:
            render: As for :meth:`prepare`; the judge is shown the same questions.

        Raises:
            DataError: If the file is broken, a label is neither yes nor no, or there are too few.
        """
        prompted = self._labelled.prompts(render)
        found = [
            Labelled(self._asked(one.row, one.shown, self._answer(one.row)), self._label(one.row))
            for one in prompted
        ]
        counts = Counter(one.label for one in found)
        if min(counts[True], counts[False]) < FEWEST_OF_A_LABEL:
            raise DataError(
                f"{self._labelled.where}: {self._labelled.data}: {counts[True]} answers are "
                f"labelled yes and {counts[False]} no, and {FEWEST_OF_A_LABEL} of each are needed. "
                f"Run `evalguard label {self.suite}`, or write some by hand."
            )
        return found

    def asked(self, prepared: Prepared, answer: str) -> str:
        """Return what the judge is asked about an answer."""
        row = Row(prepared.row_number, prepared.row)
        return self._asked(row, prepared.prompt, answer)

    def score(self, prepared: Prepared, responses: Sequence[Any]) -> ScoredSample:
        """Score an answer from its text and the judge's probability of yes.

        Raises:
            MeasurementError: If a reason stands in place of the probability.
        """
        answer, approval = responses
        if isinstance(approval, str):
            raise MeasurementError(approval)
        return ScoredSample(
            task=self.name,
            sample_id=prepared.sample_id,
            prompt=prepared.prompt,
            target=self._criterion,
            outputs=(str(answer),),
            scores={APPROVED.name: float(approval > 0.5), APPROVAL.name: float(approval)},
        )

    def _asked(self, row: Row, question: str, answer: str) -> str:
        more = {"criterion": self._criterion, "question": question, "answer": answer}
        return self._rows.fill(self._template, replace(row, data={**row.data, **more}))

    def _answer(self, row: Row) -> str:
        return str(self._labelled.column(row, "answer"))

    def _label(self, row: Row) -> bool:
        value = self._labelled.column(row, "label")
        label = read_label(value)
        if label is None:
            raise DataError(
                f"{self._labelled.where}: {self._labelled.data}:{row.number}: the label is "
                f"{value!r}; write yes or no."
            )
        return label

    def _prepared(self, one: PromptedRow, sample_id: str) -> Prepared:
        return Prepared(
            sample_id=sample_id,
            prompt=one.shown,
            target=self._criterion,
            instances=generations(one.text, self._generation, key=sample_id, count=1),
            row=one.row.data,
            row_number=one.row.number,
        )
