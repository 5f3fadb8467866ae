"""Asks the judge, once it has agreed with people on labelled answers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from evalguard.config import JUDGE
from evalguard.config.task_kinds import Judge as JudgeConfig
from evalguard.errors import TrustError
from evalguard.records import DetectorRates
from evalguard.runner.models import ModelPool
from evalguard.runner.plan import PlannedTask
from evalguard.stats import ConfidenceInterval, cohen_kappa
from evalguard.store import SampleStore, fingerprint
from evalguard.tasks.judge import Judge, Labelled

if TYPE_CHECKING:
    from lm_eval.api.instance import Instance

Approval = float | str
"""Probability of the judge's yes against its no; or why there is none."""

_YES, _NO = "Yes", "No"
_REPLY = re.compile(r"\W*(yes|no)\b", re.IGNORECASE)
_REPLY_TOKENS = 8


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
        return self._pool.fingerprint(JUDGE)

    def admit(self, planned: PlannedTask, labelled: Path) -> DetectorRates:
        """Return how often the judge is right on the labelled answers of a task.

        Args:
            planned: The task.
            labelled: Its file of labelled answers.

        Raises:
            TrustError: If it agrees with the labels too little, or cannot be trusted at all.
            EngineError: If its engine fails.
        """
        config = planned.config
        assert isinstance(config, JudgeConfig)
        key = fingerprint(
            {
                "judge": self.fingerprint(),
                "task": config.model_dump(mode="json", exclude={"min_kappa"}),
                "labelled": self._store.file_sha256(labelled),
            }
        )
        remembered = self._store.fingerprint_description(key).get("admission")
        if remembered:
            rates = DetectorRates(**remembered)
        else:
            assert isinstance(planned.task, Judge)
            rates = self._rates(planned.task.labelled(self._pool.render))
            self._store.describe_fingerprint(key, {"admission": asdict(rates)})
        kappa, _ = _agreement(rates)
        if kappa < config.min_kappa or rates.sensitivity + rates.specificity <= 1:
            raise TrustError(
                f"the judge agrees too little with the labels of {labelled}: "
                f"{agreement_text(rates)}, and at least {config.min_kappa:g} is asked for. It says "
                f"yes to {rates.hits} of {rates.positives} good answers and no to "
                f"{rates.rejections} of {rates.negatives} bad ones. Take a stronger judge, or "
                f"write the criterion more precisely."
            )
        return rates

    def approvals(self, asked: Sequence[str]) -> list[Approval]:
        """Return the judge's verdict on each of the questions that it is asked.

        Raises:
            EngineError: If its engine fails.
        """
        engine, served = self._pool.engine_of(JUDGE)
        tokenizer = self._pool.tokenizer(JUDGE)
        prompts = [
            tokenizer.render([{"role": "user", "content": text}])
            if tokenizer.has_chat_template
            else f"{text}\n"
            for text in asked
        ]
        approvals: list[Approval] = [
            f"the judge's prompt has {length} tokens, more than its context of {engine.max_length}"
            if (length := tokenizer.count(prompt)) + _REPLY_TOKENS > engine.max_length
            else 0.0
            for prompt in prompts
        ]
        fitting = [index for index, approval in enumerate(approvals) if approval == 0.0]
        if engine.name == "endpoint":  # chat servers tell texts alone
            replies = engine.respond([(served, _reply_to(prompts[index])) for index in fitting])
            found = [_read(str(reply)) for reply in replies]
        else:
            choices = [
                (served, _choice(prompts[index], word)) for index in fitting for word in (_YES, _NO)
            ]
            responses = engine.respond(choices)
            values = [response[0] for response in responses if isinstance(response, tuple)]
            pairs = zip(values[::2], values[1::2], strict=True)
            found = [1 / (1 + math.exp(min(no - yes, 700.0))) for yes, no in pairs]
        for index, approval in zip(fitting, found, strict=True):
            approvals[index] = approval
        return approvals

    def _rates(self, labelled: Sequence[Labelled]) -> DetectorRates:
        said = [_decided(one) for one in self.approvals([one.asked for one in labelled])]
        pairs = list(zip((one.label for one in labelled), said, strict=True))
        return DetectorRates(
            hits=sum(label and yes is True for label, yes in pairs),
            positives=sum(label for label, _ in pairs),
            rejections=sum(not label and yes is False for label, yes in pairs),
            negatives=sum(not label for label, _ in pairs),
        )


def agreement_text(rates: DetectorRates) -> str:
    """Return how a judge agrees with the labels, with the 95 % interval.

    Example:
        >>> agreement_text(DetectorRates(hits=20, positives=25, rejections=15, negatives=25))
        'kappa 0.40 (0.15 to 0.65)'
    """
    kappa, ci = _agreement(rates)
    value, low, high = (round(one, 2) + 0.0 for one in (kappa, ci.low, ci.high))  # no -0.00
    return f"kappa {value:.2f} ({low:.2f} to {high:.2f})"


def _agreement(rates: DetectorRates) -> tuple[float, ConfidenceInterval]:
    return cohen_kappa(rates.hits, rates.positives, rates.rejections, rates.negatives)


def total(rates: Iterable[DetectorRates]) -> DetectorRates:
    """Return the counts of several tasks together."""
    found = list(rates)
    return DetectorRates(
        hits=sum(one.hits for one in found),
        positives=sum(one.positives for one in found),
        rejections=sum(one.rejections for one in found),
        negatives=sum(one.negatives for one in found),
    )


def _decided(approval: Approval) -> bool | None:
    """Return a verdict; none where there is no verdict, which agrees with no label."""
    return None if isinstance(approval, str) else approval > 0.5


def _read(reply: str) -> Approval:
    match = _REPLY.match(reply)
    if match is None:
        return f"the judge replied {reply[:40]!r}, neither Yes nor No"
    return float(match[1].lower() == "yes")


def _choice(prompt: str, word: str) -> Instance:
    from lm_eval.api.instance import Instance

    return Instance(request_type="loglikelihood", doc={}, arguments=(prompt, word), idx=0)


def _reply_to(prompt: str) -> Instance:
    from lm_eval.api.instance import Instance

    settings = {"until": ["\n\n"], "max_gen_toks": _REPLY_TOKENS, "do_sample": False}
    return Instance(request_type="generate_until", doc={}, arguments=(prompt, settings), idx=0)
