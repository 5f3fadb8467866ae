"""Every scored sample that is asked for: from the store, else from an engine."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from evalguard.config import BASELINE
from evalguard.engines.base import Engine, Outcome
from evalguard.engines.isolate import answer_each
from evalguard.engines.limits import DEFAULT_LIMIT, limit_of
from evalguard.errors import EngineError, MeasurementError, TrustError, UsageError
from evalguard.records import GateResult, ScoredSample
from evalguard.runner.answers import UNCLOSED, AnswerReader
from evalguard.runner.call import Call, Pending, parts, text_of
from evalguard.runner.follow import follow
from evalguard.runner.judged_tasks import questions
from evalguard.runner.measured import Key, Measured, Progress, Results, name_of, stage_of
from evalguard.runner.reuse import answered_before, serves_again, with_lengths_of
from evalguard.runner.settling import Put, Settling
from evalguard.runner.tally import Tally
from evalguard.scorers.thinking import Thinking
from evalguard.store import SampleStore
from evalguard.tasks.base import Prepared
from evalguard.tasks.labelled import Question

if TYPE_CHECKING:
    pass

CALL_REQUESTS = 4096
"""Requests that an engine gets at once, so that it is full; their answers come one by one."""

JUDGED_REQUESTS = 256
"""The same where a judge is asked about the answers, once all of them are there."""

STORE_SECONDS = 1.0
"""Answers are scored and stored this often while others are still computed."""

STORE_SAMPLES = 64
"""And as soon as this many wait: those of a server come block by block."""

Answered = tuple[Measured, Prepared, list[Any]]
"""A sample with the responses to its requests."""

Known = tuple[Measured, Prepared, ScoredSample]
"""A sample that was answered before and scored otherwise, by other scorers or another judge."""

Approvals = Callable[[Sequence[Question]], "Sequence[float | str]"]
"""What a judge is asked → its probability of yes each, or why there is none."""


class Measurer:
    """Measures samples through the store, and opens an engine only when one is missing.

    Args:
        store: Where scored samples are kept.
        engine_of: Returns the engine that serves a model, loading it at the first call.
        count_tokens: Length of a prompt in tokens for a model.
        thinking_of: Returns how a model's thinking is separated from its answers.
        default_limit: Returns the tokens that a model may write where a task sets no limit.
        approvals: Asks the judge; needed for tasks that are judged.
        on_progress: Called after every step.
        progress: What it counts in, where that is shown before there is anything to measure.
        alone: Whether there is one candidate, without which there is nothing to measure.
        stored_under: Returns the key under which samples are stored.
    """

    def __init__(
        self,
        store: SampleStore,
        engine_of: Callable[[str], tuple[Engine, str]],
        count_tokens: Callable[[str, str], int],
        *,
        thinking_of: Callable[[str], Thinking],
        default_limit: Callable[[str], int] = lambda _: DEFAULT_LIMIT,
        approvals: Approvals | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        progress: Progress | None = None,
        alone: bool = False,
        stored_under: Callable[[Measured], str] = attrgetter("fingerprint"),
    ) -> None:
        self._store = store
        self._engine_of = engine_of
        self._count_tokens = count_tokens
        self._thinking_of = thinking_of
        self._default_limit = default_limit
        self._approvals = approvals
        self._alone = alone
        self.results = Results()
        self._settling = Settling(
            store, self.results, lambda model: engine_of(model)[1], stored_under
        )
        self.progress = progress or Progress()
        self._tally = Tally(self.results, self.progress, count_tokens, on_progress)
        self._fingerprints: dict[Key, str] = {}

    def fingerprint_of(self, key: Key) -> str | None:
        """Return the store's key of what was measured for a suite, task and model."""
        return self._fingerprints.get(key)

    def measure(self, wanted: Mapping[Measured, Sequence[str]]) -> None:
        """Measure samples; what is already there, here or in the store, is not run again.

        Raises:
            EngineError: If an engine answers nothing any more; what was scored is kept.
            MeasurementError: If a scorer fails or the store cannot be used.
        """
        pending: list[Pending] = []
        known: list[Known] = []
        for measured, sample_ids in wanted.items():
            self._fingerprints[measured.key] = measured.fingerprint
            missing = self._missing(measured, sample_ids)
            ids = [sample.sample_id for sample in missing]
            answered = answered_before(self._store, measured, ids)
            for sample in missing:
                before = answered.get(sample.sample_id)
                if before and serves_again(before, measured, sample, self._reader(measured)):
                    known.append((measured, sample, before))
                else:
                    pending.append((measured, sample))
        if pending:
            self._tally.show("loading the model")
            self._open_engines(pending)
        # The baseline's answers come before what is held against them.
        for compared, judged in ((False, False), (False, True), (True, True)):
            stage = (compared, judged)
            self._score_again([one for one in known if stage_of(one[0]) == stage])
            items = [one for one in pending if stage_of(one[0]) == stage]
            for part in parts(items, JUDGED_REQUESTS if judged else CALL_REQUESTS):
                self._run(part)
        for measured, sample in pending:
            if measured.follows and self._can_be_measured(measured, sample):
                self._tally.show_task(measured)
                self._follow(measured, sample)
        self._tally.show("deciding")

    def show_verdicts(self, results: Sequence[GateResult]) -> None:
        """Hand the verdicts so far to the display."""
        self._tally.show_verdicts(results)

    def _open_engines(self, pending: Sequence[Pending]) -> None:
        """Open the engines that are needed, and note the models that fail.

        Raises:
            UsageError: If the baseline, or the only candidate, cannot be loaded.
            EngineError: If its engine fails.
        """
        for model in dict.fromkeys(measured.model for measured, _ in pending):
            try:
                self._engine_of(model)
            except TrustError as error:
                self.results.untrusted[model] = str(error)
            except (UsageError, EngineError) as error:
                if self._alone or _is_baseline(model):
                    raise
                self.results.untrusted[model] = str(error)

    def _is_trusted(self, measured: Measured) -> bool:
        untrusted = self.results.untrusted
        reference = measured.reference[2] if measured.reference else None
        return measured.model not in untrusted and reference not in untrusted

    def _missing(self, measured: Measured, sample_ids: Sequence[str]) -> list[Prepared]:
        """Take what the store holds and return the rest."""
        have = self.results.of(measured.key)
        new = [sample_id for sample_id in sample_ids if sample_id not in have]
        stored = self._store.get(measured.fingerprint, new)
        have.update(stored)
        self._tally.count_reused(measured, stored)
        self.progress.samples += len(stored)
        return [measured.task.prepared(id_) for id_ in new if id_ not in stored]

    def _reader(self, measured: Measured) -> AnswerReader:
        return AnswerReader(
            self._thinking_of(measured.model),
            lambda text: self._count_tokens(measured.model, text),
            self._default_limit(measured.model),
        )

    def _score_again(self, known: Sequence[Known]) -> None:
        """Score answers that were given before."""
        known = [one for one in known if self._can_be_measured(*one[:2])]
        for start in range(0, len(known), JUDGED_REQUESTS):
            part = known[start : start + JUDGED_REQUESTS]
            self._tally.show_task(part[0][0])
            answered: list[Answered] = [
                (measured, sample, list(before.outputs)) for measured, sample, before in part
            ]
            self._judge([one for one in answered if one[0].task.judged])
            lengths = {(one[0].key, one[2].sample_id): one[2] for one in part}
            for measured, samples in self._scored(answered).items():
                self._tally.count_reused(measured, [sample.sample_id for sample in samples])
                befores = (lengths[measured.key, sample.sample_id] for sample in samples)
                self._tally.keep(
                    measured, list(map(with_lengths_of, samples, befores)), self._settling.put
                )

    def _run(self, items: Sequence[Pending]) -> None:
        """Ask the engines that are needed, one after the other."""
        self._tally.show_task(items[0][0])
        of_engine: dict[int, list[Pending]] = defaultdict(list)
        engines: dict[int, Engine] = {}
        for item in items:
            if self._can_be_measured(*item) and self._fits(*item):
                engine, _ = self._engine_of(item[0].model)
                engines[id(engine)] = engine
                of_engine[id(engine)].append(item)
        for key, own in of_engine.items():
            self._answer_apart(engines[key], own)

    def _can_be_measured(self, measured: Measured, sample: Prepared) -> bool:
        """Leave out models that are not trusted, and what the baseline gave no answer to."""
        if not self._is_trusted(measured):
            return False
        reference = self._reference(measured, sample)
        if reference is None:
            return True
        reason = reference.error or (UNCLOSED if reference.unclosed else None)
        if reason:
            error = MeasurementError(f"the baseline's answer is missing: {reason}")
            self._tally.record_error(measured, sample, error)
        return not reason

    def _fits(self, measured: Measured, sample: Prepared) -> bool:
        """Refuse a prompt that the engine would cut, which would change what is measured."""
        if sample.instances[0].request_type == "loglikelihood_rolling":
            return True  # read in windows of the context's length
        engine, _ = self._engine_of(measured.model)
        lengths = [self._count_tokens(measured.model, text_of(i)) for i in sample.instances]
        self._tally.prompt_tokens[measured.model, sample.sample_id] = sum(lengths)
        longest = max(lengths)
        default = self._default_limit(measured.model)
        room = max(limit_of(instance, default) for instance in sample.instances)
        if longest + room <= engine.max_length:
            return True
        error = MeasurementError(
            f"the prompt has {longest} tokens and the answer up to {room}, together more than the "
            f"context of {engine.max_length} (engine.max_length). Shorten the prompt or "
            f"'max_new_tokens', or raise 'max_length' if the model allows it"
        )
        self._tally.record_error(measured, sample, error)
        return False

    def _answer_apart(self, engine: Engine, items: Sequence[Pending]) -> None:
        """Ask one engine; where it fails for one of several candidates, the others go ahead.

        Raises:
            EngineError: If it fails for the baseline, or for the only candidate.
        """
        try:
            self._answer(engine, items)
        except EngineError as failure:
            models = list(dict.fromkeys(measured.model for measured, _ in items))
            if self._alone or all(map(_is_baseline, models)):
                raise
            for model in models:
                own = [one for one in items if one[0].model == model and not self._is_done(*one)]
                self._answer_alone(engine, model, own, failure if len(models) == 1 else None)

    def _answer_alone(
        self, engine: Engine, model: str, items: Sequence[Pending], failure: EngineError | None
    ) -> None:
        """Ask for one model, and leave out a candidate for which the engine fails again."""
        try:
            if failure is not None:
                raise failure
            if items:
                self._answer(engine, items)
        except EngineError as error:
            if _is_baseline(model):
                raise
            self.results.untrusted[model] = str(error)

    def _is_done(self, measured: Measured, sample: Prepared) -> bool:
        return sample.sample_id in self.results.of(measured.key)

    def _answer(self, engine: Engine, items: Sequence[Pending]) -> None:
        """Ask one engine; what names on a server answered is stored once it is not doubted."""
        with self._settling.putting(engine, items) as put:
            # Thinking that a stop string cut is asked for again without.
            if cut := self._ask(engine, items, put, stops=True):
                self._ask(engine, cut, put, stops=False)

    def _ask(
        self, engine: Engine, items: Sequence[Pending], put: Put, *, stops: bool
    ) -> list[Pending]:
        """Score what an engine has answered while it answers the rest.

        Returns:
            What must be asked again without stop strings.
        """
        call = Call(items, served=lambda model: self._engine_of(model)[1], stops=stops)
        cut: list[Pending] = []
        done: list[Answered] = []
        judged: list[Answered] = []
        stored = time.perf_counter()
        self.progress.engine_calls += 1
        try:
            with closing(answer_each(engine, call.requests)) as outcomes:
                while (arrived := self._tally.wait_for(outcomes)) is not None:
                    if (asked := call.take(*arrived)) and (answered := self._answers(*asked)):
                        measured, sample, answers = answered
                        reader, task = self._reader(measured), measured.task.task
                        if stops and reader.cut_by_stop(task, sample, answers):
                            cut.append((measured, sample))
                            continue
                        (judged if answered[0].task.judged else done).append(answered)
                    is_due = time.perf_counter() - stored > STORE_SECONDS
                    if done and (is_due or len(done) >= STORE_SAMPLES):
                        self._tally.show_task(done[-1][0])
                        ready, done = done, []
                        self._score(ready, put)
                        stored = time.perf_counter()
        finally:
            # What was answered is kept, whatever ended the call.
            self._score(done, put)
        # Not while the engine works: it may be the judge's too.
        self._judge(judged)
        self._score(judged, put)
        return cut

    def _answers(
        self, measured: Measured, sample: Prepared, outcomes: Sequence[Outcome]
    ) -> Answered | None:
        for outcome in outcomes:
            if isinstance(outcome, EngineError):
                self._tally.record_failure(measured, sample, str(outcome))
                return None
        return measured, sample, list(outcomes)

    def _judge(self, answered: Sequence[Answered]) -> None:
        """Add the judge's replies to each answer."""
        asked = [
            questions(*one, self._reader(one[0]), self._reference(*one[:2])) for one in answered
        ]
        if not any(asked):
            return
        assert self._approvals is not None
        started = time.perf_counter()
        every = [question for one in asked for question in one]
        try:
            approvals = iter(self._approvals(every))
        except (UsageError, EngineError, TrustError) as error:
            # The answers cannot be scored, and nothing else is lost; the next run tries again.
            approvals = iter([f"the judge: {error}"] * len(every))
        self._tally.count_call(started)
        for (_, _, answers), own in zip(answered, asked, strict=True):
            answers += [next(approvals) for _ in own]

    def _reference(self, measured: Measured, sample: Prepared) -> ScoredSample | None:
        """Return the baseline's answer that a sample is compared with, if it is."""
        if measured.reference is None:
            return None
        return self.results.of(measured.reference)[sample.sample_id]

    def _follow(self, measured: Measured, sample: Prepared) -> None:
        """Measure how far a model is from what the baseline answered, and store it."""
        reference = self._reference(measured, sample)
        assert measured.reference is not None
        assert reference is not None
        started = time.perf_counter()
        try:
            scored = follow(
                measured.task.task,
                sample,
                reference,
                baseline=self._engine_of(measured.reference[2]),
                candidate=self._engine_of(measured.model),
            )
        except MeasurementError as error:
            self._tally.record_error(measured, sample, error)
            return
        self._tally.count_call(started)
        self._tally.keep(measured, [scored], self._settling.put)

    def _score(self, answered: Sequence[Answered], put: Put) -> None:
        for measured, samples in self._scored(answered).items():
            counted = [self._tally.with_tokens(measured, sample) for sample in samples]
            self._tally.keep(measured, counted, put)

    def _scored(self, answered: Sequence[Answered]) -> dict[Measured, list[ScoredSample]]:
        """Return what could be scored; what could not is recorded."""
        scored: dict[Measured, list[ScoredSample]] = defaultdict(list)
        for measured, sample, answers in answered:
            try:
                reader = self._reader(measured)
                scored[measured].append(reader.score(measured.task.task, sample, answers))
            except MeasurementError as error:
                self._tally.record_error(measured, sample, error)
        return scored


def _is_baseline(model: str) -> bool:
    """Whether a model is the baseline, or a further run of it."""
    return name_of(model) == BASELINE
