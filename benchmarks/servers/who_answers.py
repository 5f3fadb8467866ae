"""``python -m benchmarks.servers.who_answers``: how often it is told who answers, against noise.

Two models of a scripted server, without HTTP, go through all that decides whether a task is the
candidate's own: log-probabilities, longer answers, the prompts of each block, and the answers that
are measured. Counted is how often nothing is doubted, so that a gate may pass. Wanted is that this
is never so where the base answers, and nearly always where the candidate does. Exits 1 where a
share is beyond its target.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from statistics import NormalDist
from typing import Any

from lm_eval.api.instance import Instance
from rich.console import Console
from rich.table import Table
from scipy.stats import binomtest

from benchmarks.servers.rules import share
from evalguard.config import BASELINE as ARM
from evalguard.engines.base import BASE, Doubt, generation
from evalguard.engines.endpoint.longer_answers import _TOKENS as LONGER
from evalguard.engines.endpoint.same_route import BASELINE, OWN, UNSCORED, Tell, Told
from evalguard.engines.endpoint.side_by_side import Asked
from evalguard.engines.endpoint.who_answers import WhoAnswers
from evalguard.errors import EngineError
from evalguard.records import ScoredSample
from evalguard.runner.same_answers import doubtful

RUNS = 300
SAMPLES = 200
"""Prompts of a task; a block of a run."""

_WORDS = ("red", "blue", "green", "seven", "twelve", "north", "south", "ever", "never", "maybe")
_PART = "the base answers a part"
_ROUNDING = 1e-3
"""Nats by which noise changes a log-probability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server with a base and a candidate.

    Attributes:
        noise: Share of answers that change from call to call; with ``apart``, of the answers of
            the candidate's server that are others than the base's would be, every time.
        change: Share of prompts that the candidate answers otherwise than the base.
        to_base: Share of prompts that the base answers under the candidate's name.
        values: Whether it tells log-probabilities.
        apart: Whether the models are on two servers, whose noise is the same every time.
        trusted: Whether the user vouches for the route (``trust_route``).
        stored: Whether the base's answers are from an earlier run.
        unscored: Whether the base answers what is requested without log-probabilities.
    """

    noise: float = 0.0
    change: float = 1.0
    to_base: float = 0.0
    values: bool = False
    apart: bool = False
    trusted: bool = False
    stored: bool = False
    unscored: bool = False


@dataclass(slots=True)
class Models:
    """Asks the two models of a server.

    Attributes:
        server: What it does.
        seed: What the models know, and the server's noise.
    """

    server: Server
    seed: int
    _draw: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._draw = random.Random(self.seed)  # noqa: S311 - a simulation

    def texts(self, asked: Sequence[Asked]) -> list[str | None]:
        """Answer in texts; short ones are a word."""
        return [self._text(one) for one in asked]

    def values(self, asked: Sequence[Asked]) -> list[float | None]:
        """Tell log-probabilities, where the server does."""
        return [self._value(one) if self.server.values else None for one in asked]

    def tell(self, requests: Sequence[Instance], *, of_base: bool) -> list[Told | None]:
        """Let one model answer again, in both."""
        asked = [Asked(of_base=of_base, request=one) for one in requests]
        found = zip(self.texts(asked), self.values(asked), strict=True)
        return [Told(str(text), value) for text, value in found]

    def measured(
        self, requests: Sequence[Instance], *, of_base: bool
    ) -> list[tuple[Instance, Told]]:
        """Let one model answer what is measured."""
        found = zip(requests, self.tell(requests, of_base=of_base), strict=True)
        return [(one, told) for one, told in found if told is not None]

    def _text(self, one: Asked) -> str:
        prompt, settings = one.request.args
        size = 8 if settings["max_gen_toks"] == LONGER else 1
        changed = self._share("change", size, prompt) < self.server.change
        model = "candidate" if changed and self._candidate_answers(one) else "base"
        digits = sha256(f"{self.seed} {model} {prompt} {size}".encode()).digest()
        usual = [_WORDS[digit % len(_WORDS)] for digit in digits[:size]]
        noise = self._noise(one)
        if noise.random() >= self._share_of_noise(one):
            return " ".join(usual)
        kept = noise.randrange(size)
        return " ".join([*usual[:kept], *(f"{noise.choice(_WORDS)}{kept}" for _ in usual[kept:])])

    def _value(self, one: Asked) -> float:
        prompt = one.request.args[0]
        value = -1 - 5 * self._share("value", prompt)
        if self._candidate_answers(one):
            shift = NormalDist().inv_cdf(0.5 + (self._share("shift", prompt) - 0.5) * 0.999)
            value += shift * self.server.change
        noise = self._noise(one)
        noisy = self._share_of_noise(one)
        if noisy:
            value += _ROUNDING * noise.random()
        if noise.random() < noisy:
            value -= noise.random()  # of another text
        return value

    def _noise(self, one: Asked) -> random.Random:
        if not self.server.apart:
            return self._draw
        return random.Random(f"{self.seed} {one.request.args}")  # noqa: S311 - a simulation

    def _share_of_noise(self, one: Asked) -> float:
        return 0.0 if self.server.apart and one.of_base else self.server.noise

    def _candidate_answers(self, one: Asked) -> bool:
        routed = self._share("route", one.request.args[0]) < self.server.to_base
        return not one.of_base and not routed

    def _share(self, *parts: object) -> float:
        return share(self.seed, *parts)


def passes(server: Server, seed: int, *, tasks: int = 1) -> bool:
    """Return whether nothing is doubted of one of a candidate's tasks or more."""
    models = Models(server, seed)
    who = WhoAnswers(chat=False, trust_route=server.trusted)
    together = not server.apart
    asked = {f"s/{task}": [_request(task, place) for place in range(SAMPLES)]
             for task in range(tasks)}  # fmt: skip
    every = [one for own in asked.values() for one in own]
    who.look("v2", every, values=models.values, texts=models.texts, prompts=False,
             together=together)  # fmt: skip
    other = who if together else WhoAnswers(chat=False, trust_route=server.trusted)
    base: Tell = lambda few, _: models.tell(few, of_base=True)  # noqa: E731
    own: Tell = lambda few, _: models.tell(few, of_base=False)  # noqa: E731
    tell = {OWN: own, BASELINE: base}
    of_base = {OWN: base}
    if server.values:
        tell[UNSCORED] = base if server.unscored else own
        of_base[UNSCORED] = base
    for few in asked.values():
        if not server.stored:
            other.look_at_answers(BASE, models.measured(few, of_base=True), of_base, base=None)
        who.look_back("v2", few, values=models.values, prompts=False)
        who.look_at_answers("v2", models.measured(few, of_base=False), tell, base=other,
                            one_host=together)  # fmt: skip
    return any(_passes(who, models, name, own) for name, own in asked.items())


def _passes(who: WhoAnswers, models: Models, name: str, asked: Sequence[Instance]) -> bool:
    try:
        who.check("v2", asked[0])
    except EngineError:
        return False
    doubt: Doubt | None = who.doubt("v2", asked[0])
    if doubt is None:
        return True
    said = {
        model: models.texts([Asked(model == ARM, one) for one in asked]) for model in (ARM, "v2")
    }
    samples = {("s", name, model): _samples(texts) for model, texts in said.items()}
    return not doubtful(samples, {("s", name, "v2"): doubt}, {})


def _samples(texts: Sequence[str | None]) -> dict[str, ScoredSample]:
    return {
        str(place): ScoredSample(
            task="t", sample_id=str(place), prompt="", target="", outputs=(str(text),), scores={}
        )
        for place, text in enumerate(texts)
    }


def _request(task: int, place: int) -> Instance:
    asked = generation(f"Question {place} of task {task}?", tokens=4)
    return replace(asked, metadata=(f"s/{task}", None, 1))


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table.

    Attributes:
        what: What is asked of the server.
        server: What it does.
        least: Least share of runs that may pass; ``None`` for no target.
        most: Largest.
        tasks: Tasks that are looked at.
    """

    what: str
    server: Server
    least: float | None = None
    most: float | None = None
    tasks: int = 1


def _rows() -> Iterator[Row]:
    noises = (0.0, 0.05, 0.2, 0.5)
    for values in (False, True):
        for noise in noises:
            base = Server(noise=noise, values=values, to_base=1.0, trusted=not values)
            yield Row("the base answers", base, most=0.001)
        if not values:
            ten = Server(noise=0.2, to_base=1.0, trusted=True)
            yield Row("the base answers, 10 tasks", ten, most=0.001, tasks=10)
        for noise in noises[:3]:
            two = Server(noise=noise, values=values, to_base=1.0, apart=True, trusted=not values)
            yield Row("the base answers, on two servers", two, most=0.001)
    for values in (False, True):
        for change in (1.0, 0.3, 0.1):
            for noise in noises:
                least = 0.99 if change == 1 and noise < 0.5 else 0.95 if noise < 0.2 else None
                least = None if change == 0.1 and not values else least
                yield Row("the candidate answers",
                          Server(noise=noise, values=values, change=change, trusted=not values),
                          least)  # fmt: skip
    for values, noise in ((False, 0.05), (False, 0.2), (True, 0.0), (True, 0.05)):
        two = Server(noise=noise, values=values, apart=True, trusted=not values)
        yield Row("the candidate answers, on two servers", two, 0.95)
    yield from _parts()
    for change in (1.0, 0.3, 0.1):
        for noise in noises[:3]:
            most = 0.05 if change > 0.1 and noise < 0.2 else None
            server = Server(noise=noise, values=True, change=change, unscored=True)
            yield Row("the base answers without logprobs", server, most=most)
    for change in (1.0, 0.1):
        yield Row("the candidate answers", Server(change=change), most=0.0)


def _parts() -> Iterator[Row]:
    """Yield servers whose base answers a part of the prompts."""
    for stored in (False, True):
        for noise, least in ((0.0, 0.05), (0.05, 0.1), (0.2, 0.2)):
            for part in (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7):
                server = Server(noise=noise, values=True, to_base=part, stored=stored)
                seen = part >= (2 * least if stored else least)
                what = "the base answers a part, from before" if stored else _PART
                yield Row(what, server, most=0.05 if seen else None)
    for trusted in (False, True):
        for part in (0.05, 0.1, 0.2, 0.3, 0.5, 0.7):
            server = Server(to_base=part, trusted=trusted)
            yield Row(_PART, server, most=None if trusted else 0.0)
    for part in (0.05, 0.1, 0.2, 0.3, 0.5, 0.7):
        two = Server(noise=0.05, values=True, to_base=part, apart=True)
        yield Row("the base answers a part, on two servers", two, most=0.05 if part > 0.1 else None)


def main() -> int:
    """Print the shares."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.servers.who_answers")
    parser.add_argument("--runs", type=int, default=RUNS, help="of each row")
    parser.add_argument("--only", metavar="WORDS", default="", help="rows with these words")
    options = parser.parse_args()
    table = Table("server", "tells", "noise", "changes", "to the base", "passes", "95 %", "target",
                  "reached")  # fmt: skip
    missed = 0
    started = time.perf_counter()
    for row in _rows():
        if options.only in row.what:
            cells, reached = _measured(row, options.runs)
            print("  ".join(cells), file=sys.stderr, flush=True)
            table.add_row(*cells)
            missed += not reached
    Console(width=150).print(table)
    print(f"{missed} rows missed, {options.runs} runs each; {time.perf_counter() - started:.0f} s")
    return min(missed, 1)


def _measured(row: Row, runs: int) -> tuple[list[str], bool]:
    """Return the cells of a row, and whether it reaches its target."""
    hits = sum(passes(row.server, seed, tasks=row.tasks) for seed in range(runs))
    low, high = binomtest(hits, runs).proportion_ci(method="exact")
    reached = (row.least is None or high >= row.least) and (row.most is None or low <= row.most)
    target: Any = "-"
    if row.least is not None:
        target = f"at least {row.least:g}"
    elif row.most is not None:
        target = f"at most {row.most:g}"
    server = row.server
    cells = [
        row.what,
        "values" if server.values else "texts, vouched" if server.trusted else "texts",
        f"{server.noise:g}",
        "-" if server.to_base == 1 else f"{server.change:.0%}",
        f"{server.to_base:.0%}",
        f"{hits / runs:.1%}",
        f"{low:.1%} to {high:.1%}",
        target,
        "yes" if reached else "NO",
    ]
    return cells, bool(reached)


if __name__ == "__main__":
    sys.exit(main())
