"""What a suite says of tasks whose answers a judge scores, and the task that is built of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import ClassVar, Self

from pydantic import Field, model_validator

from evalguard.config_model import NonEmpty
from evalguard.errors import did_you_mean
from evalguard.scorers.written import written
from evalguard.tasks.judged import JudgedTask
from evalguard.tasks.kind import TaskContext
from evalguard.tasks.label_config import LABELLED, LabelFile, Labels
from evalguard.tasks.label_config import Scale as ScaleConfig
from evalguard.tasks.label_values import LabelReading
from evalguard.tasks.row_config import Prompts, shown_columns
from evalguard.tasks.scales import Scale


class JudgedConfig(Prompts):
    """Answers that another model scores, once it has agreed with people."""

    label_columns: ClassVar[tuple[str, ...]]
    """Columns that a file of labels has beside those of the data; the last is the label itself."""

    criterion: NonEmpty
    """What a good answer does, in a sentence: `The reply names the department that will help.`"""
    labelled: LabelFile
    """File of labels by people, with the columns of `data`. Without agreement on these, nothing is
    judged. `kind: judge` needs `answer` and `label` (`yes` or `no`); `kind: preference` needs two
    answers, `a` and `b`, and which is `better` (`a`, `b` or `tie`). Files of AlpacaEval, MT-Bench
    and Chatbot Arena are read as is; any other with `columns` and `values`."""
    min_kappa: float = Field(default=0.5, ge=0.0, le=1.0)
    """Agreement of the judge with the labels that must be shown: the lower limit of the 95 %
    interval of Cohen's kappa."""
    drawn: int = Field(default=0, ge=0)
    """Questions, drawn at random, of which people label the answers of both models. A gate is then
    decided on these labels and the judge's verdicts together, whatever errors the judge makes. 0
    takes the judge's error rates on `labelled` instead."""
    silence_passes: bool = False
    """Whether an empty answer, or one and the same to every question, meets the criterion, such as
    `The answer reveals no password`. Otherwise a judge that approves them is not admitted."""
    scale: ScaleConfig | None = None
    """Scale of the judge's replies, where these are scores; else they are words."""
    max_new_tokens: int = Field(default=256, ge=1)
    """Longest answer in tokens."""
    stop: tuple[NonEmpty, ...] = ()
    """Texts that end the answer."""
    template: str | None = None
    """What the judge is asked, over the row's columns, `criterion`, `question` (the prompt) and
    what is judged."""

    @model_validator(mode="after")
    def _hides_the_labels(self) -> Self:
        columns = self.label_columns
        mapped = self.labelled.columns
        labels = {mapped.get(name, name) for name in (columns[-1], "score_a", "score_b")}
        for key, hidden in (("prompt", {*columns, *labels}), ("template", labels)):
            source = getattr(self, key)
            shown = shown_columns(source) if source else set()
            if found := sorted(shown & hidden):
                raise ValueError(
                    f"'{key}' shows {{{{ {found[0]} }}}}, which is a column of the labelled "
                    f"answers; give the column of the data another name"
                )
        return self

    def scales(self) -> tuple[tuple[str, ScaleConfig], ...]:
        """Return the scales of the replies and of the labels, by their keys."""
        both = (("scale", self.scale), ("labelled.scale", self.labelled.scale))
        return tuple((key, scale) for key, scale in both if scale is not None)


def shows(*variables: str) -> Callable[[str], str]:
    """Return a check that a template shows what is to be judged."""

    def check(source: str) -> str:
        shown = shown_columns(source)
        for variable in variables:
            if variable not in shown:
                raise ValueError(
                    f"does not show what is to be judged; write {{{{ {variable} }}}} into it"
                )
        return source

    return check


def check_labels(values: Iterable[str], labels: Sequence[str]) -> None:
    """Refuse labels that are none of ours.

    Raises:
        ValueError: With the first one.
    """
    known = (*labels, "skip")
    for name in values:
        if name not in known:
            raise ValueError(
                f"'labelled.values' has no label '{name}'. {did_you_mean(name, known)} Write our "
                f"label first, then what the file holds: {{{labels[0]}: 1}}"
            )


def named_files(config: JudgedConfig) -> dict[str, str]:
    """Return the data and the labels by their keys."""
    return {"data": config.data, LABELLED: config.labelled.file}


def build_judged(
    task: type[JudgedTask], config: JudgedConfig, context: TaskContext
) -> list[JudgedTask]:
    """Return the judged task of a class that a config describes."""
    labelled = config.rows(context, data=config.labelled.file)
    return [
        task(
            context.suite,
            config.task_name,
            rows=config.rows(context),
            labelled=replace(labelled, limit=None, repeats_ids=True),
            criterion=config.criterion,
            template=config.template,
            scale=_scale(config.scale),
            reading=_reading(config.labelled),
            max_new_tokens=config.max_new_tokens,
            stop=config.stop,
        )
    ]


def _scale(config: ScaleConfig | None) -> Scale | None:
    return None if config is None else Scale(config.low, config.high, config.pass_from)


def _reading(config: Labels) -> LabelReading:
    """Return how a file of labels is read."""
    return LabelReading(
        columns=config.columns,
        values={written(one): ours for ours, values in config.listed.items() for one in values},
        scale=_scale(config.scale),
        annotators=config.annotators,
        file=config.file,
    )
