"""How often the probes refuse a server without a fault; exits 1 where a rate is above its level."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from lm_eval.api.instance import Instance
from rich.console import Console
from rich.table import Table
from scipy.stats import binomtest

from evalguard.damages.displacement import LEVEL, falls_by_chance
from evalguard.engines.base import BASE, Outcome, generation
from evalguard.engines.endpoint import identity
from evalguard.engines.endpoint.identity import NOISE
from evalguard.engines.endpoint.probes import Probes
from evalguard.engines.endpoint.same_route import OWN, UNSCORED, SameRoute, Told
from evalguard.engines.endpoint.witness import Witness
from evalguard.errors import EngineError, TrustError
from evalguard.runner.admission import Approval
from evalguard.runner.control_questions import check_unchanged

_WORDS = ("red", "blue", "green", "seven", "twelve", "north", "south", "ever", "never", "maybe")


@dataclass(frozen=True, slots=True)
class Scripted:
    """A server that does as it is asked, but for noise.

    Attributes:
        draw: Its randomness.
        noise: Share of answers that end otherwise than the model's usual one.
        labels: Whether each answer is one of two words, which noise swaps.
        peak: Probability of the likeliest text where it draws.
        alike: Share of prompts that all models answer the same.
    """

    draw: random.Random
    noise: float = 0.0
    labels: bool = False
    peak: float = 0.3
    alike: float = 0.0

    def ask(self, requests: Sequence[tuple[str, Instance]]) -> Iterator[tuple[int, Outcome]]:
        """Answer every request."""
        for position, (model, request) in enumerate(requests):
            yield position, self._answer(model, request)

    def _answer(self, model: str, request: Instance) -> Outcome:
        is_noisy = self.draw.random() < self.noise
        if request.request_type == "loglikelihood":
            return -1.0, not is_noisy
        prompt, settings = request.args
        if settings.get("temperature"):
            is_usual = self.draw.random() < self.peak
            return "the usual" if is_usual else f"drawn {self.draw.random()}"
        own = random.Random(prompt)  # noqa: S311 - a simulation
        named = "" if own.random() < self.alike else model
        if self.labels:
            return ("yes", "no")[(own.random() < 0.5) ^ is_noisy]
        usual = random.Random(prompt + named).choices(_WORDS, k=8)  # noqa: S311 - a simulation
        kept = self.draw.randrange(8) if is_noisy else 8
        return " ".join([*usual[:kept], *self.draw.choices(_WORDS, k=8 - kept)])


def _probes(server: Scripted) -> Probes:
    witness = Witness(server.ask, chat=True, sends_text=True, url="")
    probes = Probes(server.ask, ask_alone=server.ask, witness=witness, may_sample=False)
    for model in (BASE, "other"):
        witness._repeated(model)
    return probes


def _refused(check: Callable[[], object]) -> bool:
    try:
        check()
    except (EngineError, TrustError):
        return True
    return False


def draws(server: Scripted) -> bool:
    """Return whether a server that draws is said not to."""
    return _refused(lambda: _probes(server).check_draws(BASE))


def greedy(server: Scripted) -> bool:
    """Return whether a server that does not sample is said to."""
    return _refused(lambda: _probes(server).check_greedy(BASE))


def likelihoods(server: Scripted) -> bool:
    """Return whether log-probabilities that are right are said to be those of other tokens."""
    return _refused(lambda: _probes(server).check_likelihoods(BASE))


def apart(server: Scripted) -> bool:
    """Return whether answers are said to be those to other requests."""
    probes = _probes(server)
    asked = [generation(f"Is {number} in the list?", tokens=4) for number in range(8)]
    probes.look_apart(BASE, asked)
    return _refused(lambda: probes.check_greedy(BASE))


def one_model(server: Scripted) -> bool:
    """Return whether one model under two names is taken for two."""
    answers = [
        list(Witness(server.ask, chat=True, sends_text=True, url="")._repeated(BASE).values())
        for _ in range(2)
    ]
    return identity.differ(*answers)


def mixed(server: Scripted) -> bool:
    """Return whether the requests of a model are said to go to the base at times."""
    witness = Witness(server.ask, chat=True, sends_text=True, url="")
    base, other = (list(witness._repeated(model).values()) for model in (BASE, "other"))
    return identity.mixed(base, other)


def gone(server: Scripted) -> bool:
    """Return whether a model that is still there is said to be gone."""
    witness = Witness(server.ask, chat=True, sends_text=True, url="")
    if _refused(lambda: witness.check_differs("other", witness, "", ("other", "base"))):
        return False
    return witness.is_gone("other")


def rerouted(server: Scripted) -> bool:
    """Return whether another model is said to have answered some of 2,560 requests."""
    route = SameRoute()

    def tell(model: str, requests: Sequence[Instance]) -> list[Told]:
        return [Told(str(server._answer(model, one))) for one in requests]

    names = {OWN: BASE, UNSCORED: BASE, "another's": "other"}
    asks = {whose: partial(_again, partial(tell, name)) for whose, name in names.items()}
    for block in range(10):
        asked = [generation(f"Is {block} {number} in it?", tokens=8) for number in range(256)]
        answers = [str(server._answer(BASE, one)) for one in asked]
        route.look_back(BASE, list(zip(asked, answers, strict=True)), asks)
    return route.doubt(BASE, asked[0]) is not None


def _again(
    tell: Callable[[Sequence[Instance]], list[Told]], requests: Sequence[Instance], _repeat: int
) -> list[Told]:
    return tell(requests)


def judge(server: Scripted) -> bool:
    """Return whether a judge is said to be another one in twenty parts of its answers."""
    before = [float(place % 2) for place in range(12)]

    def now() -> list[Approval]:
        return [abs(one - (server.draw.random() < server.noise)) for one in before]

    return any(_refused(lambda: check_unchanged(before, now())) for _ in range(20))


def fall(server: Scripted) -> bool:
    """Return whether preference training without any change is said to have lowered answers."""
    size = server.draw.choice((2, 2, 4))
    return falls_by_chance([server.draw.gauss(-40, 8) for _ in range(5 * size)], size) <= LEVEL


Settings = Mapping[str, float]

ROWS: tuple[tuple[str, Callable[[Scripted], bool], int, Settings, float | None], ...] = (
    ("does not draw", draws, 2000, {"peak": 0.3}, 0.01),
    ("samples at temperature 0", greedy, 2000, {"noise": NOISE}, 0.01),
    ("samples at temperature 0", greedy, 2000, {"noise": 0.3}, 0.01),
    ("log-probabilities of other tokens", likelihoods, 2000, {"noise": NOISE}, 0.01),
    ("mixes up requests, texts", apart, 2000, {"noise": NOISE}, 0.01),
    ("mixes up requests, two labels", apart, 2000, {"noise": NOISE / 2, "labels": True}, 0.01),
    ("one model is two", one_model, 100, {"noise": NOISE}, identity.ALPHA),
    ("one model is two", one_model, 100, {"noise": 0.3}, identity.ALPHA),
    ("sends requests to the base", mixed, 2000, {"noise": NOISE}, 0.01),
    ("sends requests to the base, alike", mixed, 2000, {"noise": NOISE, "alike": 0.9}, None),
    ("a model is gone", gone, 100, {"noise": NOISE}, 0.01),
    ("another model answered", rerouted, 500, {"noise": NOISE}, 0.01),
    ("another model answered", rerouted, 500, {"noise": 0.3}, 0.01),
    ("another model answered, two labels", rerouted, 500, {"noise": NOISE, "labels": True}, 0.01),
    ("another model answered, two labels", rerouted, 500, {"noise": 0.3, "labels": True}, None),
    ("another model judges", judge, 2000, {"noise": NOISE}, 0.01),
    ("another model judges", judge, 2000, {"noise": 0.1}, 0.01),
    ("chosen answers fell", fall, 1000, {}, LEVEL),
)
"""What is said wrongly, how it is found, runs, the server, and the level it is held to."""


def main() -> int:
    """Print the rates."""
    table = Table("said of a server without a fault", "server", "runs", "false", "95 %", "level")
    too_many = 0
    for name, check, runs, settings, level in ROWS:
        alarms, low, high = rate(check, runs, settings)
        server = ", ".join(f"{key} {value:g}" for key, value in settings.items())
        allowed = "-" if level is None else f"{level:.0%}"
        interval = f"{low:.2%} to {high:.2%}"
        table.add_row(name, server, str(runs), f"{alarms / runs:.2%}", interval, allowed)
        too_many += level is not None and low > level
    Console(width=130).print(table)
    return min(too_many, 1)


def rate(
    check: Callable[[Scripted], bool], runs: int, settings: Settings, *, seed: int = 0
) -> tuple[int, float, float]:
    """Return how many runs give an alarm, with the exact interval of their share."""
    alarms = 0
    for number in range(runs):
        server = Scripted(random.Random(f"{seed} {number}"), **settings)  # type: ignore[arg-type] # noqa: S311 - a simulation
        alarms += check(server)
    low, high = binomtest(alarms, runs).proportion_ci(method="exact")
    return alarms, float(low), float(high)


if __name__ == "__main__":
    sys.exit(main())
