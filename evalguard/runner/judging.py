"""Asks the judge, once it has agreed with people on labelled answers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from evalguard.config import JUDGE, Suite
from evalguard.config.task_kinds import Judged
from evalguard.engines.base import Engine, Outcome, choice, generation
from evalguard.engines.isolate import answer_each
from evalguard.errors import EngineError, TrustError
from evalguard.records import DetectorRates, Gate, ScoredSample
from evalguard.runner.models import ModelPool
from evalguard.runner.plan import PlannedTask
from evalguard.runner.verdict_replies import read_verdict
from evalguard.scorers.probes import METRICS_OF_KIND, WAVERED
from evalguard.scorers.thinking import Split
from evalguard.stats import ConfidenceInterval, cohen_kappa
from evalguard.store import SampleStore, fingerprint
from evalguard.tasks.judged import JudgedTask, Labelled, Question

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

Asked = tuple[str, Question]
"""The judge's prompt, and the question that is in it."""

Approval = float | str
"""Probability of the judge's yes against its no; or why there is none."""

_REPLY_TOKENS = 8

_SERVED_REPLY_TOKENS = 1024
"""On a server, a reply may hold reasoning before its verdict."""

_SHOWN = 60
"""Characters of a reply that a message shows."""

_FEWEST_PAIRS = 10
"""Pairs from which it is told that a judge wavers."""


class Judging:
    """The judge of a check.

    Args:
        pool: Serves it.
        store: Remembers how it did on labelled answers.
    """

    def __init__(self, pool: ModelPool, store: SampleStore) -> None:
        self._pool = pool
        self._store = store

    def fingerprint(self) -> str:
        """Return the key of everything that makes its verdicts."""
        thinking = self._pool.thinking_fingerprint(JUDGE)
        return fingerprint({"judge": self._pool.fingerprint(JUDGE), "thinking": thinking})

    def admit(self, planned: PlannedTask, labelled: Path) -> Admission:
        """Return how the judge does on the labels of a task.

        Args:
            planned: The task.
            labelled: Its file of labels.

        Raises:
            TrustError: If it agrees with the labels too little, or cannot be trusted at all.
            EngineError: If its engine fails.
        """
        config = planned.config
        assert isinstance(config, Judged)
        key = fingerprint(
            {
                "judge": self.fingerprint(),
                "task": config.model_dump(mode="json", exclude={"min_kappa"}),
                "definition": planned.definition,
                "prompts": self._pool.prompt_fingerprint,
                "labelled": self._store.file_sha256(labelled),
            }
        )
        remembered = self._store.fingerprint_description(key).get("admission")
        if remembered:
            admission = Admission(**remembered)
        else:
            labelled_answers = _task(planned).labelled(self._pool.render)
            questions = [asked for one in labelled_answers for asked in one.questions]
            approvals = self.approvals(questions)
            _check_form(approvals)
            admission = _admission(labelled_answers, approvals)
            if not any(isinstance(approval, _Failure) for approval in approvals):
                self._store.describe_fingerprint(key, {"admission": asdict(admission)})
        if admission.kappa < config.min_kappa or not admission.tells_anything:
            favoured, other = _task(planned).label_names
            silent = f" {admission.silent} got no verdict." if admission.silent else ""
            raise TrustError(
                f"the judge agrees too little with the labels of {labelled}: {admission.text}, and "
                f"at least {config.min_kappa:g} is asked for. It is right on {admission.hits} of "
                f"{admission.positives} that are labelled {favoured}, and on "
                f"{admission.rejections} of {admission.negatives} that are labelled {other}."
                f"{silent} Take a stronger judge, or write the criterion more precisely."
            )
        return admission

    def approvals(self, asked: Sequence[Question]) -> list[Approval]:
        """Return the judge's reply to each of the questions that it is asked.

        Raises:
            EngineError: If its engine fails.
        """
        engine, served = self._pool.engine_of(JUDGE)
        tokenizer = self._pool.tokenizer(JUDGE)
        prompts = [
            tokenizer.render([{"role": "user", "content": question.text}])
            if self._pool.renders_chats(JUDGE)
            else f"{question.text}\n"
            for question in asked
        ]
        reply = _REPLY_TOKENS
        if engine.name == "endpoint" and self._may_reason():
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

    def _may_reason(self) -> bool:
        """Whether a judge on a server may think first: by its own template, or the server's."""
        return self._pool.is_sent_chats(JUDGE) or bool(self._pool.thinking(JUDGE).own)

    def _replies(
        self, engine: Engine, served: str, asked: Sequence[Asked], tokens: int
    ) -> list[Approval]:
        if engine.name == "endpoint":  # not every server tells log-likelihoods
            texts = [generation(text, tokens=tokens) for text, _ in asked]
            replies = _all(engine, [(served, text) for text in texts])
            thinking = self._pool.thinking(JUDGE)
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


class _Unread(str):
    """Why a reply holds no verdict: it has another form."""

    __slots__ = ()


class _Failure(str):
    """Why the judge's engine did not answer; another run may be answered."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Admission:
    """How a judge did on labels.

    Attributes:
        hits: Labelled in favour, and it said so.
        misses: Labelled in favour, and it said the contrary.
        silent_positives: Labelled in favour, and it came to no verdict.
        rejections: Labelled against, and it said so.
        false_alarms: Labelled against, and it said the contrary.
        silent_negatives: Labelled against, and it came to no verdict.
    """

    hits: int
    misses: int
    silent_positives: int
    rejections: int
    false_alarms: int
    silent_negatives: int

    @property
    def positives(self) -> int:
        """Labelled in favour."""
        return self.hits + self.misses + self.silent_positives

    @property
    def negatives(self) -> int:
        """Labelled against."""
        return self.rejections + self.false_alarms + self.silent_negatives

    @property
    def silent(self) -> int:
        """Labels on which it came to no verdict."""
        return self.silent_positives + self.silent_negatives

    @property
    def rates(self) -> DetectorRates:
        """How often its verdicts are right; what has none is not measured, here or in a check."""
        return DetectorRates(
            hits=self.hits,
            positives=self.hits + self.misses,
            rejections=self.rejections,
            negatives=self.rejections + self.false_alarms,
        )

    @property
    def tells_anything(self) -> bool:
        """Whether it is right more often than a coin, as the correction needs."""
        right = (self.hits + 1) / (self.hits + self.misses + 2)
        rejects = (self.rejections + 1) / (self.rejections + self.false_alarms + 2)
        return right + rejects > 1

    @property
    def kappa(self) -> float:
        """Cohen's kappa with the labels; no verdict agrees with none."""
        return self._agreement[0]

    @property
    def text(self) -> str:
        """The agreement in words.

        Example:
            >>> Admission(20, 5, 0, 15, 10, 0).text
            'kappa 0.40 (0.15 to 0.65) on 50 labels'
        """
        kappa, ci = self._agreement
        value, low, high = (round(one, 2) + 0.0 for one in (kappa, ci.low, ci.high))  # no -0.00
        labels = self.positives + self.negatives
        return f"kappa {value:.2f} ({low:.2f} to {high:.2f}) on {labels} labels"

    @property
    def _agreement(self) -> tuple[float, ConfidenceInterval]:
        return cohen_kappa(self.hits, self.positives, self.rejections, self.negatives)


def _admission(labelled: Sequence[Labelled], replies: Sequence[Approval]) -> Admission:
    """Hold the judge's replies to the labels."""
    approvals = iter(replies)
    said = [_decided([next(approvals) for _ in one.questions]) for one in labelled]
    counts = Counter(zip((one.label for one in labelled), said, strict=True))
    return Admission(
        hits=counts[True, True],
        misses=counts[True, False],
        silent_positives=counts[True, None],
        rejections=counts[False, False],
        false_alarms=counts[False, True],
        silent_negatives=counts[False, None],
    )


def _check_form(approvals: Sequence[Approval]) -> None:
    """Refuse a judge most of whose replies cannot be read.

    Raises:
        TrustError: With three of its replies.
    """
    unread = [one for one in approvals if isinstance(one, _Unread)]
    if len(unread) > len(approvals) / 2:
        shown = "; ".join(dict.fromkeys(unread[:3]))
        raise TrustError(
            f"{len(unread)} of the judge's {len(approvals)} replies have a form that cannot be "
            f"read: {shown}. Ask for one word alone in the task's 'template', or for JSON such as "
            f'{{"verdict": …}}.'
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
            f"{len(wavered)} pairs, so it tells nothing of them. Take a stronger judge, or a "
            f"template with shorter answers."
        )


def needs_judge(gate: Gate, suite: Suite) -> bool:
    """Whether a judge takes part in what a gate is decided on."""
    return any(
        isinstance(task, Judged)
        and gate.task in (None, task.task_name)
        and gate.metric in {metric.name for metric in METRICS_OF_KIND[task.kind]}
        for task in suite.config.tasks
    )


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
    )


def _decided(approvals: Sequence[Approval]) -> bool | None:
    """Return the verdict of most replies; none of a tie or no reply, which agrees with no label."""
    votes = [0 if isinstance(one, str) else (one > 0.5) - (one < 0.5) for one in approvals]
    return None if sum(votes) == 0 else sum(votes) > 0


def _all(engine: Engine, requests: Sequence[tuple[str, Instance]]) -> list[Outcome]:
    return [outcome for _, outcome in sorted(answer_each(engine, requests), key=itemgetter(0))]


def _approval(yes: Outcome, no: Outcome) -> Approval:
    """Return the probability of yes against no from the log-likelihoods of both words."""
    for outcome in (yes, no):
        if isinstance(outcome, EngineError):
            return _Failure(f"the judge: {outcome}")
    assert isinstance(yes, tuple)
    assert isinstance(no, tuple)
    return 1 / (1 + math.exp(min(no[0] - yes[0], 700.0)))


def _read(reply: Outcome, question: Question, split: Split) -> Approval:
    if isinstance(reply, EngineError):
        return _Failure(f"the judge: {reply}")
    if split.unclosed:
        return "the judge never finished thinking"
    found = read_verdict(split.answer, question.yes, question.no)
    if found is None:
        return _Unread(
            f"the judge replied {split.answer[:_SHOWN]!r}, from which neither {question.yes} nor "
            f"{question.no} can be read"
        )
    return found
