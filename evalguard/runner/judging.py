"""Asks the judge, once it has agreed with people on labelled answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalguard.config import JUDGE, Suite
from evalguard.engines.base import Engine, Outcome, choice, generation
from evalguard.engines.isolate import answer_each
from evalguard.errors import EngineError, ModelError, TrustError, UsageError
from evalguard.records import DetectorRates, Gate, ScoredSample, from_json
from evalguard.runner.admission import Admission, Approval, Failure, Unread, admission_of
from evalguard.runner.altered_answers import rule_taken
from evalguard.runner.control_questions import check_unchanged, controls
from evalguard.runner.judge_canaries import taken
from evalguard.runner.models import ModelPool
from evalguard.runner.planned_task import PlannedTask
from evalguard.runner.verdict_replies import read_reply
from evalguard.scorers.thinking import Split
from evalguard.store import SampleStore, fingerprint
from evalguard.tasks.judged import WAVERED, JudgedTask
from evalguard.tasks.judged_config import JudgedConfig
from evalguard.tasks.kind import TaskConfig
from evalguard.tasks.labelled import Labelled, Question
from evalguard.tasks.registry import kind_of

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

Asked = tuple[str, Question]
"""The judge's prompt, and the question that is in it."""

_REPLY_TOKENS = 8

_SERVED_REPLY_TOKENS = 1024
"""On a server, a reply may hold reasoning before its verdict."""

_SHOWN = 60
"""Characters of a reply that a message shows."""

_ADMISSION_VERSION = 6
"""Incremented when a judge is admitted otherwise, as admissions are remembered."""

_REPLIES_VERSION = 4
"""Incremented when replies are read otherwise, as verdicts are remembered."""

_FEWEST_PAIRS = 10
"""Fewest pairs on which position bias is judged."""


class Judging:
    """The judge of a check.

    Args:
        pool: Serves it.
        store: Remembers how it did on labelled answers.
    """

    def __init__(self, pool: ModelPool, store: SampleStore) -> None:
        self._pool = pool
        self._store = store
        self._fingerprint = ""
        self._controls: list[tuple[Question, float]] = []

    def fingerprint(self) -> str:
        """Return the key of everything that makes its verdicts.

        Raises:
            UsageError: If it cannot be used, such as one that its server does not know.
            EngineError: If its engine fails.
        """
        if not self._fingerprint:
            self._check_usable()
            thinking = self._pool.prompts.thinking_fingerprint(JUDGE)
            judge = self._pool.fingerprint(JUDGE)
            parts = {"judge": judge, "thinking": thinking, "replies": _REPLIES_VERSION}
            self._fingerprint = fingerprint(parts)
        return self._fingerprint

    def admit(self, planned: PlannedTask, labelled: Path) -> Admission:
        """Return how the judge does on the labels of a task.

        Args:
            planned: The task.
            labelled: Its file of labels.

        Raises:
            TrustError: If it agrees with the labels too little, or cannot be trusted at all.
            UsageError: If it cannot be used, or the labels cannot be read.
            EngineError: If its engine fails.
        """
        config = config_of(planned)
        key = fingerprint(
            {
                "version": _ADMISSION_VERSION,
                "judge": self.fingerprint(),
                "task": config.model_dump(
                    mode="json", exclude={"drawn", "min_kappa", "silence_passes"}
                ),
                "definition": planned.definition,
                "prompts": self._pool.prompts.rendering,
                "labelled": self._store.file_sha256(labelled),
            }
        )
        admission = _remembered(self._store.fingerprint_description(key))
        if admission is None:
            labels = _task(planned).labelled(self._pool.prompts.render)
            questions = [asked for one in labels.items for asked in one.questions]
            approvals = self.approvals(questions)
            _check_form(approvals)
            admission = admission_of(labels, approvals)
            if not any(isinstance(approval, Failure) for approval in approvals):
                self._store.describe_fingerprint(key, {"admission": asdict(admission)})
        if admission.kappa_low < config.min_kappa or not admission.tells_anything:
            favoured, other, *_ = _task(planned).label_names
            silent = f" {admission.silent} got no verdict." if admission.silent else ""
            if admission.wavered:
                silent += f" Its verdict changes with the order for {admission.wavered}."
            raise TrustError(
                f"the judge agrees too little with the labels of {labelled}: {admission.text}, and "
                f"the lower limit must be at least {config.min_kappa:g}. It agrees with "
                f"{admission.hits} of {admission.positives} that are labelled {favoured}, and with "
                f"{admission.rejections} of {admission.negatives} that are labelled {other}."
                f"{silent} Label more answers, use a stronger judge, or write the criterion "
                f"more precisely."
            )
        if rule := self._rule_taken(key, planned, admission):
            raise TrustError(f"{labelled}: {rule}")
        if fooled := self._fooled(key, planned):
            raise TrustError(f"{labelled}: {fooled}")
        return admission

    def labels(self, planned: PlannedTask) -> Sequence[Labelled]:
        """Return people's labels of a task.

        Raises:
            DataError: If they cannot be read.
        """
        return _task(planned).labelled(self._pool.prompts.render).items

    def approvals(self, asked: Sequence[Question]) -> list[Approval]:
        """Return the judge's reply to each of the questions that it is asked.

        A judge on a server is asked a few of its first questions again each time.

        Raises:
            UsageError: If it cannot be loaded.
            TrustError: If its adapter is not applied, or it no longer replies as before.
            EngineError: If its engine fails.
        """
        found = self._approvals([*asked, *(question for question, _ in self._controls)])
        check_unchanged([known for _, known in self._controls], found[len(asked) :])
        if not self._controls and self._pool.is_remote(JUDGE):
            self._controls = controls(asked, found)
        return found[: len(asked)]

    def _approvals(self, asked: Sequence[Question]) -> list[Approval]:
        engine, served = self._opened()
        tokenizer = self._pool.prompts.tokenizer(JUDGE)
        prompts = [
            tokenizer.render([{"role": "user", "content": question.text}])
            if self._pool.prompts.renders_chats(JUDGE)
            else f"{question.text}\n"
            for question in asked
        ]
        reply = _REPLY_TOKENS
        scores = any(question.scale for question in asked)
        if scores or (self._pool.is_remote(JUDGE) and self._may_reason()):
            reply = min(_SERVED_REPLY_TOKENS, engine.max_length // 2)
        approvals: list[Approval] = [
            f"the judge's prompt has {length} tokens, more than its context of {engine.max_length}"
            if (length := tokenizer.count(prompt)) + reply > engine.max_length
            else 0.0
            for prompt in prompts
        ]
        fitting = [index for index, approval in enumerate(approvals) if approval == 0.0]
        asked_about = [(prompts[index], asked[index]) for index in fitting]
        found = self._replies(engine, served, asked_about, reply)
        for index, approval in zip(fitting, found, strict=True):
            approvals[index] = approval
        return approvals

    def _check_usable(self) -> None:
        if reason := self._pool.broken.get(JUDGE):
            raise ModelError(reason)

    def _opened(self) -> tuple[Engine, str]:
        """Return its engine and its name there; where it cannot be opened, that is not tried again.

        Raises:
            UsageError: If it cannot be loaded.
            TrustError: If its adapter is not applied.
            EngineError: If its engine fails.
        """
        self._check_usable()
        try:
            return self._pool.engine_of(JUDGE)
        except (UsageError, EngineError, TrustError) as error:
            self._pool.broken[JUDGE] = str(error)
            raise

    def _rule_taken(self, key: str, planned: PlannedTask, admission: Admission) -> str:
        """Return why the judge cannot be told from a content-blind rule; empty where it can.

        Args:
            key: Key of the admission, under which what comes of it is remembered.
            planned: The task.
            admission: How the judge did on its labels.

        Raises:
            EngineError: If its engine fails.
        """
        min_kappa = config_of(planned).min_kappa
        return self._remembered(
            key,
            f"rule at {min_kappa:g}",
            planned,
            lambda task, items: rule_taken(
                task, items, admission, self.approvals, min_kappa=min_kappa
            ),
        )

    def _fooled(self, key: str, planned: PlannedTask) -> str:
        """Return why the judge accepts answers that are none; empty where it does not.

        Args:
            key: Key of the admission, under which what comes of it is remembered.
            planned: The task.

        Raises:
            EngineError: If its engine fails.
        """
        silence = config_of(planned).silence_passes
        return self._remembered(
            key,
            f"canaries, silence {silence}",
            planned,
            lambda task, items: taken(task, items, self.approvals, silence_passes=silence),
        )

    def _remembered(
        self,
        key: str,
        fact: str,
        planned: PlannedTask,
        find: Callable[[JudgedTask, Sequence[Labelled]], str],
    ) -> str:
        """Return what is noted as a fact about a key, which is found and noted at first."""
        remembered = self._store.fingerprint_description(key)
        if fact in remembered:
            return str(remembered[fact])
        task = _task(planned)
        reason = find(task, task.labelled(self._pool.prompts.render).items)
        self._store.describe_fingerprint(key, {fact: reason})
        return reason

    def _may_reason(self) -> bool:
        """Whether a judge on a server may think first: by its own template, or the server's."""
        prompts = self._pool.prompts
        return prompts.is_sent_chats(JUDGE) or bool(prompts.thinking(JUDGE).own)

    def _replies(
        self, engine: Engine, served: str, asked: Sequence[Asked], tokens: int
    ) -> list[Approval]:
        if self._pool.is_remote(JUDGE) or any(question.scale for _, question in asked):
            # Not every server tells log-likelihoods, and a score has too many to compare.
            texts = [generation(text, tokens=tokens) for text, _ in asked]
            replies = _all(engine, [(served, text) for text in texts])
            thinking = self._pool.prompts.thinking(JUDGE)
            return [
                _read(reply, question, thinking.split(str(reply), prompt=prompt))
                for reply, (prompt, question) in zip(replies, asked, strict=True)
            ]
        choices = [
            (served, choice(prompt, word))
            for prompt, question in asked
            for word in (question.yes, question.no)
        ]
        found = _all(engine, choices)
        return [_approval(yes, no) for yes, no in zip(found[::2], found[1::2], strict=True)]


def _remembered(facts: Mapping[str, Any]) -> Admission | None:
    """Return a stored admission; ``None`` where there is none, or it is of another version."""
    try:
        return from_json(Admission, facts["admission"])
    except (KeyError, TypeError, ValueError):
        return None


def _check_form(approvals: Sequence[Approval]) -> None:
    """Refuse a judge most of whose replies cannot be read.

    Raises:
        TrustError: With three of its replies.
    """
    unread = [one for one in approvals if isinstance(one, Unread)]
    if len(unread) > len(approvals) / 2:
        shown = "; ".join(dict.fromkeys(unread[:3]))
        raise TrustError(
            f"{len(unread)} of the judge's {len(approvals)} replies have a form that cannot be "
            f"read: {shown}. Ask for one word alone in the task's 'template', or for JSON such as "
            f'{{"verdict": …}}; for a score, set "scale".'
        )


def check_steady(samples: Sequence[ScoredSample]) -> None:
    """Refuse preferences that mostly change with the order of the answers.

    Each counts as a half, as an equal answer does, so that a judge that always takes the first
    answer would find no difference between any two models.

    Raises:
        TrustError: If most of at least ten pairs were decided by the order.
    """
    wavered = [sample.scores[WAVERED] for sample in samples if WAVERED in sample.scores]
    if len(wavered) >= _FEWEST_PAIRS and sum(wavered) > len(wavered) / 2:
        raise TrustError(
            f"the judge's verdict changes with the order of the answers in {sum(wavered):.0f} of "
            f"{len(wavered)} pairs, so its verdicts are unreliable (position bias). Use a stronger "
            "judge, or a template with shorter answers."
        )


def needs_judge(gate: Gate, suite: Suite) -> bool:
    """Whether a judge takes part in what a gate is decided on."""
    return any(
        kind_of(task).judged
        and gate.task in (None, task.task_name)
        and _may_measure(task, gate.metric)
        for task in suite.config.tasks
    )


def _may_measure(task: TaskConfig, metric: str) -> bool:
    found = kind_of(task).metrics(task)
    return found is None or any(one.name == metric for one in found)


def config_of(planned: PlannedTask) -> JudgedConfig:
    """Return what a suite says of a judged task."""
    assert isinstance(planned.config, JudgedConfig)
    return planned.config


def _task(planned: PlannedTask) -> JudgedTask:
    assert isinstance(planned.task, JudgedTask)
    return planned.task


def total(rates: Iterable[DetectorRates]) -> DetectorRates:
    """Return the counts of several tasks together."""
    found = list(rates)
    return DetectorRates(
        hits=sum(one.hits for one in found),
        positives=sum(one.positives for one in found),
        rejections=sum(one.rejections for one in found),
        negatives=sum(one.negatives for one in found),
        own=all(one.own for one in found),
    )


def _all(engine: Engine, requests: Sequence[tuple[str, Instance]]) -> list[Outcome]:
    return [outcome for _, outcome in sorted(answer_each(engine, requests), key=itemgetter(0))]


def _approval(yes: Outcome, no: Outcome) -> Approval:
    """Return the probability of yes against no from the log-likelihoods of both words."""
    for outcome in (yes, no):
        if isinstance(outcome, EngineError):
            return Failure(f"the judge: {outcome}")
    assert isinstance(yes, tuple)
    assert isinstance(no, tuple)
    return 1 / (1 + math.exp(min(no[0] - yes[0], 700.0)))


def _read(reply: Outcome, question: Question, split: Split) -> Approval:
    if isinstance(reply, EngineError):
        return Failure(f"the judge: {reply}")
    if split.unclosed:
        return "the judge never finished thinking"
    found = read_reply(split.answer, question)
    if found is None:
        return Unread(
            f"the judge replied {split.answer[:_SHOWN]!r}: no {_looked_for(question)} found"
        )
    return found


def _looked_for(question: Question) -> str:
    if question.scale is None:
        return f"{question.yes} or {question.no}"
    return f"{'score' if question.yes == 'Yes' else 'two scores'} from {question.scale}"
