"""What tasks share whose answers a judge scores: questions to it, and labels to validate it on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from evalguard.errors import DataError, MeasurementError
from evalguard.records import Metric, ScoredSample
from evalguard.scorers.written import comparable, written
from evalguard.tasks.base import (
    Prepared,
    Render,
    generation_settings,
    generations,
)
from evalguard.tasks.label_exports import rows_of
from evalguard.tasks.label_forms import Form, form_of
from evalguard.tasks.label_hints import Wanted, hint
from evalguard.tasks.label_values import SKIP, LabelError, LabelReading
from evalguard.tasks.labelled import Labelled, LabelSet, Question, contradicting, merged
from evalguard.tasks.prompts import PromptedRow, PromptRows
from evalguard.tasks.row_problems import RowError, RowProblems
from evalguard.tasks.rows import ID_COLUMN, Row
from evalguard.tasks.scales import Scale

FEWEST_OF_A_LABEL = 10
"""Labelled answers of either kind without which nothing can be said of a judge."""

APPROVED = Metric("approved", reads_target=False)
"""Whether the judge says that the answer meets the criterion; corrected by how often it is right
about the labels."""

WAVERED = "wavered"
"""Whether a judge's verdict on a pair changed with the order; stored with the score of a pair."""

QUESTION = "question"
"""Our column of the whole prompt, in a file of labels that has columns of its own."""


class JudgedTask(ABC):
    """Prompts whose answers a judge scores.

    Args:
        suite: Name of the suite that it is in.
        name: Name within the suite.
        rows: The data file and the prompt of each row.
        labelled: The file of labels, with the same prompts.
        criterion: What a good answer does.
        template: Jinja template of what the judge is asked; :attr:`template` by default.
        scale: The scale of the judge's replies; words without one.
        reading: How the file of labels is read.
        max_new_tokens: Longest answer in tokens.
        stop: Strings that end it.
    """

    kind: ClassVar[str]
    metrics: ClassVar[tuple[Metric, ...]]
    template: ClassVar[str]
    scale_template: ClassVar[str]
    """The default where replies are scores, over ``low`` and ``high`` too."""
    labels: ClassVar[Mapping[str, str]]
    """Our label of each value that is read without being told; see
    :func:`~evalguard.tasks.label_values.written`."""
    label_names: ClassVar[tuple[str, ...]]
    """Our labels: in favour of what is judged, against it, and of neither."""
    label_column: ClassVar[str]
    answer_columns: ClassVar[tuple[str, ...]]
    has_forms: ClassVar[bool] = False
    """Whether files of other projects are recognised."""

    def __init__(
        self,
        suite: str,
        name: str,
        *,
        rows: PromptRows,
        labelled: PromptRows,
        criterion: str,
        template: str | None = None,
        scale: Scale | None = None,
        reading: LabelReading | None = None,
        max_new_tokens: int = 256,
        stop: Sequence[str] = (),
    ) -> None:
        self.suite = suite
        self.name = name
        self._rows = rows
        self._labelled = labelled
        self._criterion = criterion
        self._template = template or (self.scale_template if scale else self.template)
        self._scale = scale
        self._reading = reading or LabelReading()
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
    def _asked(self, row: Row, question: str, answers: Sequence[str]) -> tuple[Question, ...]: ...

    @property
    def definition(self) -> Mapping[str, Any]:
        """What the judge is asked; prompts and settings are in the sample ids."""
        found = {"kind": self.kind, "criterion": self._criterion, "template": self._template}
        if self._scale is None:
            return found
        return {**found, "scale": [self._scale.low, self._scale.high, self._scale.pass_from]}

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

    def labelled(self, render: Render | None) -> LabelSet:
        """Return what people have labelled, one label for each answer or pair.

        Args:
            render: As for :meth:`prepare`; the judge is shown the same questions.

        Raises:
            DataError: If the file is broken, a label is unknown, one id stands for several
                answers, or there are too few.
        """
        forms: set[str] = set()
        try:
            read = self._labelled.of_each(lambda row: self._labels_of(row, render, forms))
        except DataError as error:
            raise DataError(f"{error}{self._hint()}") from error
        found = [one for labels in read for one in labels or [None]]
        labels = [one for one in found if one is not None]
        self._check_ids(labels)
        merged_set = merged(labels, self._reading.annotators)
        result = replace(
            merged_set, source=", ".join(sorted(forms)), skipped=len(found) - len(labels)
        )
        counts = result.counts
        if min(counts[True], counts[False]) < FEWEST_OF_A_LABEL:
            favoured, other = self.label_names[:2]
            ties = f" ({counts[None]} ties)" if counts[None] else ""
            told = f" {'; '.join(result.notes)}." if result.notes else ""
            raise DataError(
                f"{self._labelled.where}: {self._labelled.data}: {counts[True]} are labelled "
                f"{favoured} and {counts[False]} {other}{ties}, and {FEWEST_OF_A_LABEL} of each "
                f"are needed.{told} Run `evalguard label {self.suite}`, or add labels to "
                f"{self._labelled.data}."
            )
        return result

    def read_labels(self) -> list[Labelled]:
        """Return the labels that the file holds, each of those of one item, however few.

        Raises:
            DataError: If the file is broken, or a row is none of this task's labels.
        """
        try:
            read = self._labelled.of_each(lambda row: self._labels_of(row, None, set()))
        except DataError as error:
            raise DataError(f"{error}{self._hint()}") from error
        return [one for labels in read for one in labels if one is not None]

    def altered(self, item: Labelled, answers: Sequence[str]) -> tuple[Question, ...]:
        """Return what the judge is asked about a labelled item with other answers."""
        return self._asked(item.row, item.question, answers)

    def score(self, prepared: Prepared, responses: Sequence[Any]) -> ScoredSample:
        """Score an answer from its text and the judge's reply to each question.

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

    @classmethod
    def read_label(cls, value: Any) -> str | None:
        """Return our label of a value; ``None`` for no label."""
        return cls.labels.get(written(value))

    def _fill(self, row: Row, **more: str) -> str:
        scale = self._scale
        limits = {"low": f"{scale.low:g}", "high": f"{scale.high:g}"} if scale else {}
        data = {**row.data, **limits, "criterion": self._criterion, **more}
        return self._rows.fill(self._template, replace(row, data=data))

    def _check_row(self, row: Row) -> None:
        """Refuse a row that what the judge is asked cannot be written for."""
        self._fill(row, question="", answer="", a="", b="")

    def _labels_of(self, row: Row, render: Render | None, forms: set[str]) -> list[Labelled | None]:
        """Return the label of each person that a row holds; none where nobody labelled it."""
        try:
            rows = rows_of(row, self._label_key)
        except LabelError as error:
            raise self._labelled.refused(row, str(error)) from error
        return [self._label_of(one, render, forms) for one in rows]

    @property
    def _label_key(self) -> str:
        """The file's own column of the label."""
        return self._reading.columns.get(self.label_column, self.label_column)

    def _hint(self) -> str:
        """Return what to write in the suite for a file that cannot be read; or nothing."""
        try:
            rows = [
                one.data for row in self._labelled.rows() for one in rows_of(row, self._label_key)
            ]
        except (DataError, LabelError):
            return ""
        if not rows or not all(self._is_own(Row(0, row)) or not form_of(row) for row in rows):
            return ""
        wanted = Wanted(
            file=self._reading.file or self._labelled.data.name,
            label=self.label_column,
            answers=self.answer_columns,
            prompt=() if QUESTION in self._reading.columns else self._labelled.columns,
            names=self.label_names,
            known=self.labels,
            reading=self._reading,
        )
        return hint(wanted, rows)

    def _label_of(self, row: Row, render: Render | None, forms: set[str]) -> Labelled | None:
        """Return a row's label; ``None`` where the project leaves it out.

        Args:
            row: The row.
            render: As for :meth:`prepare`.
            forms: The names of the forms that were recognised are added.
        """
        form = None if self._is_own(row) else form_of(row.data)
        try:
            own, asked = self._own_form(row, form)
            label = self._verdict(own)
        except LabelError as error:
            raise self._labelled.refused(row, str(error)) from error
        if label == SKIP:
            return None
        if form is not None:
            forms.add(form.name)
        if asked:
            question = self._labelled.text(own, QUESTION)
        else:
            question = self._labelled.prompted(own, render).shown
        answers = [self._labelled.text(own, column) for column in self.answer_columns]
        try:
            questions = self._asked(own, question, answers)
        except RowError as error:  # what the judge is asked is filled in as for the data's rows
            raise self._labelled.refused(row, error.reason) from error
        verdict = {self.label_names[0]: True, self.label_names[1]: False}.get(label)
        same = self._asked(own, comparable(question), [comparable(answer) for answer in answers])
        keys = tuple(comparable(one.text) for one in same)
        return Labelled(questions, verdict, tuple(answers), own, question, keys)

    def _check_ids(self, labels: Sequence[Labelled]) -> None:
        """Refuse an id that stands for several questions or answers.

        Where it is that of a prompt of the data, several models may have answered it.

        Raises:
            DataError: With the rows.
        """
        others = list(contradicting(labels))
        if not others:
            return
        prompts = {str(row.data.get(ID_COLUMN)) for row in self._rows.rows()}
        problems = RowProblems(self._labelled.where, self._labelled.data)
        for one, before in others:
            id_ = str(one.row.data[ID_COLUMN])
            asks_another = one.question != before.question
            if not asks_another and id_ in prompts:
                continue
            what = "question" if asks_another else "answer"
            with problems.of(one.row):
                raise self._labelled.refused(
                    one.row,
                    f"id '{id_}' is also that of row {before.row.number}, which has a different "
                    f"{what}. Give each its own id, or rename the column '{ID_COLUMN}'.",
                )
        problems.raise_any(len(labels))

    def _is_own(self, row: Row) -> bool:
        """Whether a row has the project's own columns, or those that it maps."""
        return (
            not self.has_forms
            or bool(self._reading.columns or self._reading.values or self._reading.scale)
            or {self.label_column, *self.answer_columns} <= row.data.keys()
        )

    def _own_form(self, row: Row, form: Form | None) -> tuple[Row, bool]:
        """Return a row with our columns, and whether the whole prompt is in one of them."""
        if form is not None:
            return replace(row, data={**row.data, **form.read(row.data)}), True
        columns = self._reading.columns
        found = {ours: self._labelled.column(row, theirs) for ours, theirs in columns.items()}
        return replace(row, data={**row.data, **found}), QUESTION in columns

    def _verdict(self, row: Row) -> str:
        """Return our label of a row in our columns."""
        favoured, other = self.label_names[:2]
        reading, column = self._reading, self.label_column
        key = reading.columns.get(column, column)
        if reading.scale is None:
            value = self._labelled.column(row, column)
            if not reading.values and (place := self._named_model(row, value)) is not None:
                return self.label_names[place]
            return reading.label(key, value, self.labels, self.label_names)
        if len(self.answer_columns) == 1:
            passes = reading.passes(key, self._labelled.column(row, column))
            return favoured if passes else other
        first, second = (self._scored(row, f"score_{name}") for name in self.answer_columns)
        return favoured if first > second else other if second > first else self.label_names[2]

    def _named_model(self, row: Row, value: Any) -> int | None:
        """Return which answer's model a label names, where ``model_a`` wrote ``response_a``."""
        columns = [self._reading.columns.get(one, one) for one in self.answer_columns]
        models = [written(row.data.get(f"model_{one}")) for one in "ab"]
        if len(columns) < 2 or models[0] == models[1] or "null" in models:
            return None
        if not all(one.endswith(letter) for one, letter in zip(columns, "ab", strict=True)):
            return None
        return models.index(written(value)) if written(value) in models else None

    def _scored(self, row: Row, column: str) -> float:
        value = self._labelled.column(row, column)
        return self._reading.score(self._reading.columns.get(column, column), value)

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
