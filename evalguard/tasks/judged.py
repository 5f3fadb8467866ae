"""What tasks share whose answers a judge scores: questions to it, and labels to hold it to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from evalguard.errors import DataError, MeasurementError
from evalguard.records import Metric, ScoredSample
from evalguard.scorers.targets import shown
from evalguard.tasks.base import (
    Prepared,
    Render,
    generation_settings,
    generations,
)
from evalguard.tasks.prompts import PromptedRow, PromptRows
from evalguard.tasks.row_problems import RowError
from evalguard.tasks.rows import Row

FEWEST_OF_A_LABEL = 10
"""Labelled answers of either kind without which nothing can be said of a judge."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the judge is asked, and the two words that it may reply.

    Attributes:
        text: The question, before the judge's chat template.
        yes: The reply in favour of what is judged.
        no: The other one.
    """

    text: str
    yes: str
    no: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """What people have labelled.

    Attributes:
        questions: What the judge is asked about it; it favours it with the mean over all of them.
        label: Whether people favour it.
    """

    questions: tuple[Question, ...]
    label: bool


class JudgedTask(ABC):
    """Prompts whose answers a judge scores.

    Args:
        suite: Name of the suite that it stands in.
        name: Name within the suite.
        rows: The data file and the prompt of each row.
        labelled: The file of labels, with the same prompts.
        criterion: What a good answer does.
        template: Jinja template of what the judge is asked; :attr:`template` by default.
        max_new_tokens: Longest answer in tokens.
        stop: Strings that end it.
    """

    kind: ClassVar[str]
    metrics: ClassVar[tuple[Metric, ...]]
    template: ClassVar[str]
    labels: ClassVar[Mapping[str, bool]]
    """How labels are written in lower case, and whether each favours what is judged; the first two
    are those that people are told of."""
    label_column: ClassVar[str]

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
        self._template = template or self.template
        self._generation = generation_settings(max_new_tokens, stop, 0.0)

    @abstractmethod
    def questions(
        self, prepared: Prepared, answer: str, reference: str | None
    ) -> tuple[Question, ...]:
        """Return what the judge is asked about an answer.

        Args:
            prepared: The sample.
            answer: What the model said.
            reference: What the baseline said, where answers are held against it; ``None`` for the
                baseline itself.
        """

    @abstractmethod
    def scores(self, approvals: Sequence[float]) -> Mapping[str, float]:
        """Return the scores from the judge's probabilities of yes, one for each question."""

    @abstractmethod
    def _labelled_questions(self, row: Row, question: str) -> tuple[Question, ...]: ...

    @property
    def definition(self) -> Mapping[str, Any]:
        """What the judge is asked; prompts and settings are in the sample ids."""
        return {"kind": self.kind, "criterion": self._criterion, "template": self._template}

    def prepare(self, render: Render | None) -> list[Prepared]:
        """Return every row as a request for its answer.

        Raises:
            DataError: If a file is missing, empty or broken, a template names no column, or there
                are too few labels.
        """
        self.labelled(render)
        return self.requests(render)

    def requests(self, render: Render | None) -> list[Prepared]:
        """Return every row as a request for its answer, whether or not there are labels.

        Raises:
            DataError: If the file is missing, empty or broken, or a template names no column.
        """
        asked = self._rows.identified(render, self._identity, check=self._check_row)
        return [self._prepared(one, id_) for one, id_ in asked]

    def labelled(self, render: Render | None) -> list[Labelled]:
        """Return what people have labelled.

        Args:
            render: As for :meth:`prepare`; the judge is shown the same questions.

        Raises:
            DataError: If the file is broken, a label is unknown, or there are too few.
        """
        found = [
            Labelled(self._labelled_questions(one.row, one.shown), self._label(one.row))
            for one in self._labelled.prompts(render, check=self._check_labelled)
        ]
        counts = Counter(one.label for one in found)
        if min(counts[True], counts[False]) < FEWEST_OF_A_LABEL:
            favoured, other = self.label_names
            raise DataError(
                f"{self._labelled.where}: {self._labelled.data}: {counts[True]} are labelled "
                f"{favoured} and {counts[False]} {other}, and {FEWEST_OF_A_LABEL} of each are "
                f"needed. Run `evalguard label {self.suite}`, or write some by hand."
            )
        return found

    def score(self, prepared: Prepared, responses: Sequence[Any]) -> ScoredSample:
        """Score an answer from its text and what came of each question to the judge.

        Raises:
            MeasurementError: If a reason stands in place of a probability.
        """
        answer, *approvals = responses
        for approval in approvals:
            if isinstance(approval, str):
                raise MeasurementError(approval)
        return ScoredSample(
            task=self.name,
            sample_id=prepared.sample_id,
            prompt=prepared.prompt,
            target=self._criterion,
            outputs=(str(answer),),
            scores=dict(self.scores(approvals)),
        )

    @property
    def label_names(self) -> tuple[str, str]:
        """The label in favour of what is judged, and the other."""
        favoured, other = list(self.labels)[:2]
        return favoured, other

    @classmethod
    def read_label(cls, value: Any) -> bool | None:
        """Return whether a label favours what is judged; ``None`` for no label."""
        return cls.labels.get(str(value).strip().lower())

    def _fill(self, row: Row, **more: str) -> str:
        data = {**row.data, "criterion": self._criterion, **more}
        return self._rows.fill(self._template, replace(row, data=data))

    def _check_row(self, row: Row) -> None:
        """Refuse a row that what the judge is asked cannot be written for."""
        self._fill(row, question="", answer="", a="", b="")

    def _check_labelled(self, row: Row) -> None:
        """Refuse a row without a known label or without a text to judge."""
        self._label(row)
        try:
            self._labelled_questions(row, "")
        except RowError as error:  # what the judge is asked is filled in as for the data's rows
            raise self._labelled.refused(row, error.reason) from error

    def _label(self, row: Row) -> bool:
        value = self._labelled.column(row, self.label_column)
        label = self.read_label(value)
        if label is None:
            reason = f"the label is {shown(value)}; write {' or '.join(self.label_names)}."
            raise self._labelled.refused(row, reason)
        return label

    def _identity(self, one: PromptedRow) -> list[object]:
        return [self.name, one.text, self._generation, one.row.data]

    def _prepared(self, one: PromptedRow, sample_id: str) -> Prepared:
        return Prepared(
            sample_id=sample_id,
            prompt=one.shown,
            target=self._criterion,
            instances=generations(one.text, self._generation, key=sample_id, count=1),
            row=one.row.data,
            row_number=one.row.number,
        )
