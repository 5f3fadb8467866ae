"""The kinds of tasks that a suite may hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath
from typing import Annotated, Any, Literal, Self

from jinja2 import Environment, TemplateSyntaxError
from jinja2.meta import find_undeclared_variables
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from evalguard.config.labels import LabelFile, Scale
from evalguard.config.model import ConfigModel, NonEmpty
from evalguard.errors import did_you_mean

_JINJA = Environment(autoescape=True)


def _check_template(source: str) -> str:
    try:
        _JINJA.parse(source)
    except TemplateSyntaxError as error:
        raise ValueError(
            f"broken template, line {error.lineno}: {error.message} "
            "Columns are written {{ column }}."
        ) from error
    return source


_LABEL_COLUMNS = {"judge": ("answer", "label"), "preference": ("a", "b", "better")}
"""Columns that a file of labels has beside those of the data; the last is the label itself."""


def _shows(*variables: str) -> Callable[[str], str]:
    """Return a check that a template shows what is to be judged."""

    def check(source: str) -> str:
        shown = find_undeclared_variables(_JINJA.parse(source))
        for variable in variables:
            if variable not in shown:
                raise ValueError(
                    f"does not show what is to be judged; write {{{{ {variable} }}}} into it"
                )
        return source

    return check


def _check_labels(values: Iterable[str], labels: Sequence[str]) -> None:
    """Refuse labels that are none of ours."""
    known = (*labels, "skip")
    for name in values:
        if name not in known:
            raise ValueError(
                f"'labelled.values' has no label '{name}'. {did_you_mean(name, known)} Write our "
                f"label first, then what the file holds: {{{labels[0]}: 1}}"
            )


Template = Annotated[str, AfterValidator(_check_template)]
"""Jinja text over the columns of a row, such as ``Question: {{ question }}``."""


class ScorerConfig(ConfigModel):
    """A scorer with options; without any, its bare name does."""

    name: NonEmpty
    options: dict[str, Any] = Field(default_factory=dict)


Scorer = Annotated[
    ScorerConfig,
    BeforeValidator(
        lambda value: {"name": value} if isinstance(value, str) else value,
        json_schema_input_type=NonEmpty | ScorerConfig,
    ),
]


class MetricRange(ConfigModel):
    """What a benchmark's own metric ranges over, where EvalGuard cannot know it."""

    low: float
    """Minimum of a sample's score, or of the figure of the whole set."""
    high: float
    """Maximum."""
    higher_is_better: bool | None = None
    """Direction; the task's own by default."""

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if not self.low < self.high:
            raise ValueError(f"low {self.low:g} is not below high {self.high:g}")
        return self


class Benchmark(ConfigModel):
    """An lm-eval task or group."""

    kind: Literal["benchmark"]
    task: NonEmpty
    """Name that lm-eval knows, or path of a task file (`.yaml`) relative to this file."""
    name: NonEmpty | None = None
    """Name in reports; the task's own by default."""
    num_fewshot: int | None = Field(default=None, ge=0)
    """Solved examples before each question; the task's own number by default."""
    limit: int | None = Field(default=None, ge=1)
    """Take the first samples only."""
    metrics: dict[NonEmpty, MetricRange] = Field(default_factory=dict)
    """Ranges of metrics that EvalGuard does not know: `{overlap_max: {low: 0, high: 100}}`."""
    allow_code_execution: bool = False
    """Whether code that a model wrote may run in the sandbox, as HumanEval and MBPP need."""

    @property
    def file(self) -> str | None:
        """The task file, or ``None`` for a task that lm-eval knows by name."""
        return self.task if self.task.endswith((".yaml", ".yml")) else None

    @property
    def task_name(self) -> str:
        """Name in reports."""
        return self.name or (PurePath(self.file).stem if self.file else self.task)


class Rows(ConfigModel):
    """A data file: one sample a row."""

    data: NonEmpty
    """Data file of JSON, CSV, TSV, Parquet or Arrow, relative to this file; may be compressed."""
    name: NonEmpty | None = None
    """Name in reports; that of the data file by default."""
    limit: int | None = Field(default=None, ge=1)
    """Take the first rows only."""

    @property
    def task_name(self) -> str:
        """Name in reports."""
        path = PurePath(self.data)
        packed = path.suffix.lower() in (".gz", ".bz2", ".xz", ".zst")
        return self.name or (PurePath(path.stem) if packed else path).stem


class Prompts(Rows):
    """A data file whose rows are made into prompts."""

    prompt: Template | None = None
    """The user's message, as a Jinja template over the row's columns."""
    messages: NonEmpty | None = None
    """Column that holds chat messages, instead of `prompt`."""
    system: str | None = None
    """System message before the prompt."""

    @model_validator(mode="after")
    def _has_a_prompt(self) -> Self:
        if (self.prompt is None) == (self.messages is None):
            raise ValueError("needs either 'prompt' or 'messages'")
        return self


class TestSet(Prompts):
    """Rows of your own, a prompt template, and scorers."""

    __test__ = False  # not a class of tests, whatever pytest makes of its name

    kind: Literal["test_set"]
    scorers: tuple[Scorer, ...] = Field(min_length=1)
    """What measures the answer: names, or `{name: …, options: {…}}`."""
    target: Template = ""
    """The expected answer, as a Jinja template; empty for scorers that need none."""
    max_new_tokens: int = Field(default=256, ge=1)
    """Longest answer in tokens."""
    stop: tuple[NonEmpty, ...] = ()
    """Texts that end the answer."""
    temperature: float = Field(default=0.0, ge=0)
    """0 takes the likeliest token each time."""
    repeats: int = Field(default=1, ge=1)
    """Answers to each prompt; their scores are averaged."""
    cluster: NonEmpty | None = None
    """Column whose equal values mark rows that are not independent, such as a shared passage."""

    @model_validator(mode="after")
    def _repeats_differ(self) -> Self:
        if self.repeats > 1 and self.temperature == 0:
            raise ValueError(
                f"repeats: {self.repeats} at temperature 0 gives the same answer each time; "
                "set temperature above 0, or repeats to 1"
            )
        return self


class Diversity(Prompts):
    """Several samples a prompt: does the model still give different answers?"""

    kind: Literal["diversity"]
    samples: int = Field(default=8, ge=4, le=64)
    """Answers to each prompt."""
    temperature: float = Field(default=1.0, gt=0)
    """That of serving, or 1."""
    max_new_tokens: int = Field(default=128, ge=2)
    """Longest answer in tokens; of a single one, neither pairs of words nor lengths can vary."""
    stop: tuple[NonEmpty, ...] = ()
    """Texts that end the answer."""


class Drift(Prompts):
    """How far the candidate's next-token distribution is from the baseline's own."""

    kind: Literal["drift"]
    max_new_tokens: int = Field(default=64, ge=1)
    """Length of the baseline's answers, along which the two are compared."""
    stop: tuple[NonEmpty, ...] = ()
    """Texts that end the baseline's answer."""


class Perplexity(Rows):
    """Texts that neither model was trained on: nats per token."""

    kind: Literal["perplexity"]
    text: Template = "{{ text }}"
    """The text, as a Jinja template over the row's columns."""


class Judged(Prompts):
    """Answers that another model scores, once it has agreed with people."""

    criterion: NonEmpty
    """What a good answer does, in a sentence: `The reply names the department that will help.`"""
    labelled: LabelFile
    """File of labels by people, with the columns of `data`. Without agreement on these, nothing is
    judged. `kind: judge` needs `answer` and `label` (`yes` or `no`); `kind: preference` needs two
    answers, `a` and `b`, and which is `better` (`a`, `b` or `tie`). Files of AlpacaEval, MT-Bench
    and Chatbot Arena are read as they are; any other with `columns` and `values`."""
    min_kappa: float = Field(default=0.6, ge=0.0, le=1.0)
    """Least agreement of the judge with the labels, as Cohen's kappa."""
    scale: Scale | None = None
    """Scale of the judge's replies, where these are scores; else they are words."""
    max_new_tokens: int = Field(default=256, ge=1)
    """Longest answer in tokens."""
    stop: tuple[NonEmpty, ...] = ()
    """Texts that end the answer."""

    @model_validator(mode="after")
    def _hides_the_labels(self) -> Self:
        columns = _LABEL_COLUMNS[self.kind]  # type: ignore[attr-defined]
        mapped = self.labelled.columns
        labels = {mapped.get(name, name) for name in (columns[-1], "score_a", "score_b")}
        for key, hidden in (("prompt", {*columns, *labels}), ("template", labels)):
            source = getattr(self, key)
            shown = find_undeclared_variables(_JINJA.parse(source)) if source else set()
            if found := sorted(shown & hidden):
                raise ValueError(
                    f"'{key}' shows {{{{ {found[0]} }}}}, which is a column of the labelled "
                    f"answers; give the column of the data another name"
                )
        return self


class Judge(Judged):
    """Answers that a judge holds against a criterion: yes or no."""

    kind: Literal["judge"]
    template: Annotated[Template, AfterValidator(_shows("answer"))] | None = None
    """What the judge is asked, over the row's columns, `criterion`, `question` (the prompt) and
    `answer`; it must end in a question of yes or no."""

    @model_validator(mode="after")
    def _scales_have_a_threshold(self) -> Self:
        for key, scale in (("scale", self.scale), ("labelled.scale", self.labelled.scale)):
            if scale is not None and scale.pass_from is None:
                raise ValueError(
                    f"'{key}' needs 'pass_from', the score from which an answer passes"
                )
        _check_labels(self.labelled.values, ("yes", "no"))
        return self


class Preference(Judged):
    """Answers of which a judge prefers the baseline's or the candidate's, asked in both orders."""

    kind: Literal["preference"]
    template: Annotated[Template, AfterValidator(_shows("a", "b"))] | None = None
    """What the judge is asked, over the row's columns, `criterion`, `question` (the prompt) and the
    answers `a` and `b`, as A and B; it must end in a question of A or B."""

    @model_validator(mode="after")
    def _scales_have_no_threshold(self) -> Self:
        for key, scale in (("scale", self.scale), ("labelled.scale", self.labelled.scale)):
            if scale is not None and scale.pass_from is not None:
                raise ValueError(f"'{key}': remove 'pass_from': the two scores are compared")
        _check_labels(self.labelled.values, ("a", "b", "tie"))
        return self


class Overfitting(Prompts):
    """Training rows beside held-out rows of the same kind: is the one known by heart?"""

    kind: Literal["overfitting"]
    held_out: NonEmpty
    """File of held-out rows with the same columns as `data`, the training rows."""
    target: Template
    """The answer that the model was trained to give, as a Jinja template."""
    max_new_tokens: int = Field(default=256, ge=1)
    """Longest answer in tokens."""
    stop: tuple[NonEmpty, ...] = ()
    """Texts that end the answer."""
