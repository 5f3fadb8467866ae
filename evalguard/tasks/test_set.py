"""The team's own test sets: rows of a file, a prompt template, and scorers."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, UndefinedError
from jinja2.sandbox import SandboxedEnvironment
from lm_eval.api.instance import Instance

from evalguard.errors import DataError, did_you_mean
from evalguard.records import Metric, ScoredSample, ScoreKind
from evalguard.scorers import Scorer, score_checked
from evalguard.tasks.base import Prepared, Render, content_id, with_unique_ids
from evalguard.tasks.rows import Row, read_rows

_TEMPLATES = SandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True)


class TestSet:
    """Rows whose prompts a model answers in text, scored by pure functions.

    Args:
        suite: Name of the suite that it stands in.
        name: Name within the suite.
        data: JSONL, JSON, CSV or Parquet file.
        prompt: Jinja template of the user's message over the row's columns.
        messages: Column that holds chat messages, instead of ``prompt``.
        target: Jinja template of the expected answer.
        scorers: What measures the answer.
        system: Text of a system message before the prompt.
        max_new_tokens: Longest answer in tokens.
        stop: Strings that end the answer.
        temperature: 0 decodes greedily.
        repeats: Answers a prompt; their scores are averaged.
        cluster: Column whose equal values mark samples that are not independent.
        limit: Take the first rows only.
    """

    __test__ = False  # not a class of tests, whatever pytest makes of its name

    def __init__(
        self,
        suite: str,
        name: str,
        *,
        data: Path,
        prompt: str | None,
        messages: str | None,
        target: str,
        scorers: Sequence[Scorer],
        system: str | None = None,
        max_new_tokens: int = 256,
        stop: Sequence[str] = (),
        temperature: float = 0.0,
        repeats: int = 1,
        cluster: str | None = None,
        limit: int | None = None,
    ) -> None:
        self.suite = suite
        self.name = name
        self._data = data
        self._prompt = prompt
        self._messages = messages
        self._target = target
        self._scorers = tuple(scorers)
        self._system = system
        self._repeats = repeats
        self._cluster = cluster
        self._limit = limit
        self._generation: dict[str, Any] = {
            "until": list(stop),
            "max_gen_toks": max_new_tokens,
            "do_sample": temperature > 0,
            "temperature": temperature,
        }

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """Metrics of all scorers; the mean of several binary answers is no longer binary."""
        found = [metric for scorer in self._scorers for metric in scorer.metrics]
        if self._repeats == 1:
            return tuple(found)
        return tuple(
            Metric(m.name, ScoreKind.BOUNDED, m.low, m.high, m.higher_is_better)
            if m.kind is ScoreKind.BINARY
            else m
            for m in found
        )

    @property
    def definition(self) -> Mapping[str, Any]:
        """Scorers with their options and versions; prompts and settings are in the sample ids."""
        return {
            "kind": "test_set",
            "scorers": [
                {"name": s.name, "version": s.version, "options": dict(s.options)}
                for s in self._scorers
            ],
        }

    def prepare(self, render: Render | None) -> list[Prepared]:
        """Return every row as a request.

        Raises:
            DataError: If the file is missing, empty or broken, or a template names no column.
        """
        rows = read_rows(self._data)[: self._limit]
        target = self._compile(self._target)
        prompt = self._compile(self._prompt) if self._prompt is not None else None
        return with_unique_ids(self._prepare_row(row, prompt, target, render) for row in rows)

    def score(self, prepared: Prepared, responses: Sequence[Any]) -> ScoredSample:
        """Score every answer and average over the repeats.

        Raises:
            MeasurementError: If a scorer raised or returned no number in its range.
        """
        values: dict[str, list[float]] = defaultdict(list)
        corpus: dict[str, Counter[str]] = defaultdict(Counter)
        outputs = tuple(str(response) for response in responses)
        for output in outputs:
            for scorer in self._scorers:
                scores = score_checked(
                    scorer, output, prepared.target, prepared.row, sample_id=prepared.sample_id
                )
                for metric, value in scores.items():
                    values[metric].append(value)
                for name in scorer.corpus_metrics:
                    statistics = scorer.statistics(name, output, prepared.target, prepared.row)
                    corpus[name].update(statistics)
        return ScoredSample(
            task=self.name,
            sample_id=prepared.sample_id,
            prompt=prepared.prompt,
            target=prepared.target,
            outputs=outputs,
            scores={metric: math.fsum(found) / len(found) for metric, found in values.items()},
            corpus={metric: dict(totals) for metric, totals in corpus.items()},
            cluster=prepared.cluster,
        )

    def aggregate(self, metric: str, samples: Sequence[ScoredSample]) -> float:
        """Return a corpus metric from the sum of its samples' statistics."""
        totals: Counter[str] = Counter()
        for sample in samples:
            totals.update(sample.corpus[metric])
        scorer = next(one for one in self._scorers if metric in one.corpus_metrics)
        return scorer.finish(metric, totals)

    def _prepare_row(
        self, row: Row, prompt: Template | None, target: Template, render: Render | None
    ) -> Prepared:
        if prompt is not None:
            messages = [{"role": "user", "content": self._fill(prompt, row)}]
        else:
            messages = self._row_messages(row)
        if self._system:
            messages = [{"role": "system", "content": self._system}, *messages]
        text = render(messages) if render else "\n\n".join(m["content"] for m in messages)
        expected = self._fill(target, row)
        instance = Instance(
            request_type="generate_until",
            doc=dict(row.data),
            arguments=(text, dict(self._generation)),
            idx=0,
            metadata=(self.name, row.number - 1, self._repeats),
        )
        return Prepared(
            sample_id=content_id(self.name, text, self._generation, self._repeats, row.data),
            prompt=messages[-1]["content"] if len(messages) == 1 else text,
            target=expected,
            instances=(instance,),
            row=row.data,
            cluster=str(self._column(row, self._cluster)) if self._cluster else None,
            row_number=row.number,
        )

    def _row_messages(self, row: Row) -> list[dict[str, str]]:
        value = self._column(row, self._messages or "messages")
        if not isinstance(value, list) or not all(
            isinstance(m, dict) and isinstance(m.get("content"), str) and "role" in m for m in value
        ):
            raise DataError(
                f"{self._data}:{row.number}: '{self._messages}' is no list of messages; "
                f'write [{{"role": "user", "content": "…"}}]'
            )
        return [{"role": str(m["role"]), "content": m["content"]} for m in value]

    def _column(self, row: Row, column: str) -> Any:
        if column not in row.data:
            raise self._missing(row, column)
        return row.data[column]

    def _compile(self, source: str) -> Template:
        try:
            return _TEMPLATES.from_string(source)
        except TemplateSyntaxError as error:
            raise DataError(
                f"suite '{self.suite}', task '{self.name}': broken template {source!r}: {error}. "
                f"Columns are written {{{{ column }}}}."
            ) from error

    def _fill(self, template: Template, row: Row) -> str:
        try:
            return template.render(row.data)
        except UndefinedError as error:
            name = str(error).split("'")[1] if "'" in str(error) else str(error)
            raise self._missing(row, name) from error
        except TemplateError as error:
            raise DataError(f"{self._data}:{row.number}: template failed: {error}") from error

    def _missing(self, row: Row, column: str) -> DataError:
        hint = did_you_mean(column, row.data)
        return DataError(
            f"{self._data}:{row.number}: no column '{column}', which suite '{self.suite}', "
            f"task '{self.name}' asks for. {hint}"
        )
