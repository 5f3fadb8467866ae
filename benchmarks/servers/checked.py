"""One check of one candidate against one behaviour, in a process of its own."""

from __future__ import annotations

import faulthandler
import os
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.servers.behaviours.spellings import KEY, TENANT, TENANT_VARIABLE
from benchmarks.servers.project import METRICS, SAMPLES, Setup, expected, rows_of, write_project
from benchmarks.servers.scripted import Scripted, scripted_server

if TYPE_CHECKING:
    from evalguard.records import ScoredSample

WARM = "benchmarks.servers.warm"
"""Read once, then forked for each check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a check made of a candidate.

    Attributes:
        verdict: ``PASS``, ``FAIL``, ``INCONCLUSIVE`` or ``ERROR``; ``CRASH`` where it ended by an
            exception that EvalGuard does not raise on purpose, ``TIMEOUT`` where it did not end.
        message: The error, or the gate's reason and what the check warns of.
        measured: Samples of each model that were scored, the baseline's first.
        unmeasured: Samples of each model that were not.
        touched: Questions that the behaviour answered in its own way, of each model.
        wrong: What was stored that a faultless server does not give, the first few.
        n_wrong: Number of those.
        seconds: Time that it took.
    """

    verdict: str
    message: str = ""
    measured: tuple[int, ...] = ()
    unmeasured: tuple[int, ...] = ()
    touched: tuple[int, ...] = ()
    wrong: tuple[str, ...] = ()
    n_wrong: int = 0
    seconds: float = 0.0

    @property
    def missing(self) -> int:
        """Samples that were not measured, of all models together."""
        return sum(self.unmeasured)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One check.

    Attributes:
        behaviour: Name of what the server does.
        setup: What is asked of it.
        candidate: The server's name of the candidate.
        folder: Where the project goes; not there yet.
        adapter: An adapter that fits the embedded model.
    """

    behaviour: str
    setup: Setup
    candidate: str
    folder: Path
    adapter: Path


def warm_up() -> None:
    """Read what every check needs, so that none is timed with it."""
    context = get_context("forkserver")
    context.set_forkserver_preload([WARM])
    process = context.Process(target=int)
    process.start()
    process.join()


def run_checked(job: Job, *, seconds: float) -> Checked:
    """Run a check in a process of its own, and end it where it takes longer than allowed."""
    context = get_context("forkserver")
    ours, theirs = context.Pipe(duplex=False)
    started = time.monotonic()
    process = context.Process(target=_send, args=(theirs, job, seconds), daemon=True)
    process.start()
    theirs.close()
    try:
        found = ours.recv() if ours.poll(seconds) else Checked(verdict="TIMEOUT")
    except EOFError:
        process.join()
        found = Checked(verdict="CRASH", message=f"the process ended with {process.exitcode}")
    process.kill()
    process.join()
    assert isinstance(found, Checked)
    return replace(found, seconds=time.monotonic() - started)


def _send(connection: Connection, job: Job, seconds: float) -> None:
    os.environ |= {"OPENAI_API_KEY": KEY, TENANT_VARIABLE: TENANT}
    job.folder.mkdir(parents=True)
    with (job.folder / "output.txt").open("w") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
        faulthandler.dump_traceback_later(0.9 * seconds)  # shows with --keep what it waits for
        connection.send(check(job))


def check(job: Job) -> Checked:
    """Serve a behaviour and check a candidate against it."""
    with scripted_server(job.behaviour) as server:
        found = _check(job, server)
    if server.traffic.faults:
        return Checked(verdict="CRASH", message=f"the server itself: {server.traffic.faults[0]}")
    return found


def _check(job: Job, server: Scripted) -> Checked:
    from evalguard.config import load_project
    from evalguard.errors import EvalGuardError
    from evalguard.runner.check import run_check

    places = {"CERTIFICATE": str(server.certificate), "ROOT": server.root, "URL": server.url}
    file = write_project(job.folder, job.setup, job.candidate, job.adapter, places)
    try:
        project = load_project(file)
        names = job.setup.candidates(job.candidate)
        gates = [(gate, name) for name in names for gate in project.thresholds.gates]
        result = run_check(project, gates)
    except EvalGuardError as error:
        return Checked(verdict="ERROR", message=str(error))
    except Exception:  # noqa: BLE001 (what it says is the finding)
        return Checked(verdict="CRASH", message=traceback.format_exc(limit=-2))
    gate = result.gates[0]
    message = "\n".join([gate.reason, *result.warnings])
    found = Checked(verdict=gate.verdict.value, message=message)
    shown = ("baseline", job.candidate)
    runs = {run.model: run.fingerprint for run in result.tasks if run.model in shown}
    return _with_samples(found, job.setup, project.store, runs, server)


def _with_samples(
    found: Checked, setup: Setup, store: str | Path, runs: dict[str, str], server: Scripted
) -> Checked:
    from evalguard.store import SampleStore

    touched = _touched(setup, server)
    measured: list[int] = []
    unmeasured: list[int] = []
    wrong: list[str] = []
    with SampleStore(store) as samples:
        for model, key in runs.items():
            known = list(samples.all_samples(key))
            answered = [sample for sample in known if not sample.unclosed]
            measured.append(len(answered))
            unmeasured.append(SAMPLES - len(answered))
            served = "base" if model == "baseline" else model
            for sample in answered:
                wrong += _differences(setup, served, sample)
    return replace(
        found,
        measured=tuple(measured),
        unmeasured=tuple(unmeasured),
        touched=tuple(touched["base" if name == "baseline" else name] for name in runs),
        wrong=tuple(wrong[:3]),
        n_wrong=len(wrong),
    )


def _touched(setup: Setup, server: Scripted) -> Counter[str]:
    """Return how many questions of the suite, no probes, a behaviour answered its own way."""
    questions = [row["q"] for row in rows_of(setup.kind)]
    return Counter(
        model
        for model, question in {
            (model, question)
            for model, prompt in server.traffic.touched
            for question in questions
            if question in prompt
        }
    )


def _differences(setup: Setup, model: str, sample: ScoredSample) -> Iterator[str]:
    text, score = expected(setup.kind, model, sample.prompt, sample.target)
    got = sample.scores[METRICS[setup.kind]]
    said = sample.said[0].strip()
    if text is not None and said != text.strip():
        yield f"{model} says {said[:60]!r}, not {text[:40]!r}"
    elif abs(got - score) > 1e-9:
        yield f"{model} scores {got:g}, not {score:g}"
