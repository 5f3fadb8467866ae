"""Asks a server harmless prompts, and a few of its own, to see whether it does as it is asked.

A server without a fault answers some prompts differently from batch to batch. Where counts can tell
a fault from that, an exact binomial test does
(:func:`~evalguard.engines.endpoint.identity.beyond_noise`). How often servers without a
fault are refused: ``python -m benchmarks.servers.false_alarms``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from statistics import fmean

from lm_eval.api.instance import Instance

from evalguard.engines.base import PROBE_TEXTS, Outcome, choice, generation
from evalguard.engines.endpoint.identity import REPEATS, beyond_noise
from evalguard.engines.endpoint.witness import Ask, Witness
from evalguard.engines.limits import LIMIT_NAMES, limit_of
from evalguard.errors import EngineError

_TOKENS = 24
_TEMPERATURE = 1.5
_SEEDS = (0, 1, 2, 3, 0)
"""Of the draws; the first seed twice, for answers that are the same. A model whose likeliest text
has the probability p at that temperature gives four equal ones on both prompts with p⁸: 1 % at
p = 0.56."""

_OPEN = (
    "Write one sentence about the sea.",
    "Name a colour, an animal and a town.",
    "How do I reset my password?",
    *PROBE_TEXTS[:2],
)
"""What each model is asked several times at temperature 0."""

_DRAWN = (*PROBE_TEXTS[:2], *_OPEN[:3])
"""What each model draws answers to, until two of them are answered."""

_BROKEN_OFF = (
    "The capital of France is",
    "The quick brown fox jumps over the",
    "Question: What is 17 plus 26? Answer:",
    "One, two, three, four,",
    "She opened the door and",
)
"""What each model is to continue by a word, whose log-probability is asked for then."""

_FEWEST_DRAWN = 2
"""Prompts of those that must be answered, of which one is enough where the others are refused."""

_FEWEST_EQUAL = 0.25
"""Share of equal pairs of answers to one prompt at temperature 0 below which the server samples.
By hand: where batches change a share e of the answers, (1 - e)² of the pairs are equal, so half of
all answers may change before a server without a fault comes near it."""

_FEWEST_SCORED = 2
"""Tokens that must be generated and scored for a check of log-probabilities: two that are wrong are
beyond noise, and one is not."""

_APART = 8
"""Requests of a run that are asked together and one by one; of these, three answers that belong to
another are beyond noise. By hand: more would delay every check."""

_FEWEST_APART = 3
"""Requests from which that is done."""


class Probes:
    """Knows which of a server's models do not do as they are asked.

    Args:
        ask: Asks the models, several requests at a time.
        ask_alone: The same, one request at a time; ``None`` where that is how all are asked.
        witness: Knows what the models have answered already.
        may_sample: Whether answers at temperature 0 may vary, as where none is sent.
    """

    def __init__(
        self, ask: Ask, *, ask_alone: Ask | None, witness: Witness, may_sample: bool
    ) -> None:
        self._ask = ask
        self._ask_alone = ask_alone
        self._witness = witness
        self._may_sample = may_sample
        self._faults: dict[tuple[str, str], str] = {}
        self._passing: set[tuple[str, str]] = set()
        self._unseeded: set[str] = set()

    @property
    def notes(self) -> list[str]:
        """What a user should know of how the models draw."""
        return [
            f"model '{model}': the same seed gave different answers, so sampled answers cannot be "
            f"reproduced"
            for model in sorted(self._unseeded)
        ]

    def check_draws(self, model: str) -> None:
        """Check that a model draws when it is asked to.

        Raises:
            EngineError: If draws with several seeds are the same.
        """
        self._once(("draws", model), lambda: self._drawn_alike(model))

    def check_greedy(self, model: str) -> None:
        """Check that a model gives its likeliest answers, and each to its own request.

        Whether it draws all the same is only looked for where it is compared with another model.

        Raises:
            EngineError: If hardly two of its answers to one prompt are the same, or they are
                mixed up.
        """
        if fault := self._faults.get(("apart", model)):
            raise EngineError(fault)
        if not self._may_sample and self._witness.has_asked(model):
            self._once(("greedy", model), lambda: self._sampled(model))

    def check_likelihoods(self, model: str) -> None:
        """Check that log-probabilities of a prompt belong to the tokens beside them.

        Raises:
            EngineError: If the tokens that the model generates as the likeliest are not, by them.
        """
        self._once(("likelihoods", model), lambda: self._misplaced(model))

    def look_apart(self, model: str, requests: Iterable[Instance]) -> None:
        """See whether answers depend on what else is asked at the same time.

        Where they do, :meth:`check_greedy` raises it.

        Args:
            model: The model.
            requests: What it is asked in a run, of which a few are taken.
        """
        self._forget_passing()
        key = ("apart", model)
        if self._ask_alone is None or key in self._faults:
            return
        by_prompt = {one.args[0]: one for one in requests if _is_greedy(one)}
        asked = [_shortened(one) for one in list(by_prompt.values())[:_APART]]
        if len(asked) >= _FEWEST_APART:
            self._faults[key] = ""
            try:
                self._faults[key] = self._crossed(model, asked)
            except EngineError:
                del self._faults[key]  # the server answers nothing: it is to be seen again
                raise

    def _once(self, key: tuple[str, str], find: Callable[[], str]) -> None:
        if key not in self._faults:
            self._faults[key] = ""  # what is asked to find it must not look for it, too
            try:
                self._faults[key] = find()
            except EngineError as error:
                self._faults[key] = str(error)
                self._passing.add(key)
        if self._faults[key]:
            raise EngineError(self._faults[key])

    def _forget_passing(self) -> None:
        """Let what could not be asked, because the server answered nothing, be asked again."""
        for key in self._passing:
            del self._faults[key]
        self._passing.clear()

    def _drawn_alike(self, model: str) -> str:
        drawn: list[list[Outcome]] = []
        words = ""
        left = list(_DRAWN)
        while left and len(drawn) < _FEWEST_DRAWN:
            missing = _FEWEST_DRAWN - len(drawn)
            texts, left = left[:missing], left[missing:]
            asked = [_draw(text, seed) for seed in _SEEDS for text in texts]
            found = dict(self._ask([(model, one) for one in asked]))
            for place in range(len(texts)):
                rows = [found[at] for at in range(place, len(asked), len(texts))]
                failed = [one for one in rows if isinstance(one, EngineError)]
                drawn += [] if failed else [rows]
                words = words or next(map(str, failed), "")
        if not drawn:
            return f"it answered none of the prompts that test sampling: {words}"
        draws = len(_SEEDS) - 1
        if all(len(set(row[:draws])) == 1 for row in drawn) and any(map(any, drawn)):
            return (
                f"{draws} answers drawn at temperature {_TEMPERATURE} are the same, so the "
                "server ignores 'temperature' or 'seed', or answers from a cache: sampled tasks "
                "would measure nothing"
            )
        if any(row[0] != row[-1] for row in drawn):
            self._unseeded.add(model)
        return ""

    def _sampled(self, model: str) -> str:
        rows = self._witness.texts(model)
        if rows is None:
            asked = [
                (model, generation(text, tokens=_TOKENS)) for text in _OPEN for _ in range(REPEATS)
            ]
            found = dict(self._ask(asked))
            rows = [
                [text for k in range(REPEATS) if isinstance(text := found[start + k], str)]
                for start in range(0, len(asked), REPEATS)
            ]
        pairs = [one == two for row in rows for one, two in combinations(row, 2)]
        if not pairs:
            words = self._witness.last_error
            return (
                "it answered none of the prompts that test decoding at temperature "
                f"0{words and ': '}{words}"
            )
        if fmean(pairs) >= _FEWEST_EQUAL:
            return ""
        return (
            f"{pairs.count(False)} of {len(pairs)} pairs of answers to one prompt differ at "
            "temperature 0: the server samples anyway. Serve the model with greedy decoding or, "
            "if it cannot, allow it with 'drop: [temperature]'"
        )

    def _misplaced(self, model: str) -> str:
        texts = dict(self._ask([(model, generation(text, tokens=1)) for text in _BROKEN_OFF]))
        failed = [str(text) for text in texts.values() if isinstance(text, EngineError)]
        asked = [
            (model, choice(_BROKEN_OFF[place], text))
            for place, text in texts.items()
            if isinstance(text, str) and text.strip()
        ]
        found = dict(self._ask(asked)).values()
        failed += [str(one) for one in found if isinstance(one, EngineError)]
        scored = [one[1] for one in found if isinstance(one, tuple)]
        wrong = scored.count(False)
        if failed and len(scored) < _FEWEST_SCORED:
            return (
                f"it answered too few of the prompts that test its log-probabilities: {failed[0]}"
            )
        if len(scored) < _FEWEST_SCORED or not beyond_noise(wrong, len(scored)):
            return ""
        return (
            "the prompt log-probabilities do not belong to the tokens they are listed for: of "
            f"{len(scored)} tokens that the server generates greedily, {sum(scored)} are the "
            "most likely by its log-probabilities. Choose generation tasks, or another server"
        )

    def _crossed(self, model: str, asked: Sequence[Instance]) -> str:
        assert self._ask_alone is not None
        requests = [(model, one) for one in asked]
        together, alone = dict(self._ask(requests)), dict(self._ask_alone(requests))
        right = {place: text for place, text in alone.items() if isinstance(text, str)}
        crossed = [
            place
            for place, text in right.items()
            if (other := together[place]) != text and other in right.values()
        ]
        if not beyond_noise(len(crossed), len(right)):
            return ""
        return (
            f"{len(crossed)} of {len(asked)} requests got the answer to another request when "
            "sent concurrently: the server mixes up concurrent requests. Set 'num_concurrent: "
            "1', or fix the server"
        )


def _draw(text: str, seed: int) -> Instance:
    settings = {"until": [], "max_gen_toks": 2 * _TOKENS, "do_sample": True}
    drawn = {**settings, "temperature": _TEMPERATURE, "seed": seed}
    return Instance(request_type="generate_until", doc={}, arguments=(text, drawn), idx=0)


def _is_greedy(request: Instance) -> bool:
    if request.request_type != "generate_until":
        return False
    settings = request.args[1]
    return not settings.get("do_sample") and not settings.get("temperature")


def _shortened(request: Instance) -> Instance:
    """Return a request for the first few tokens of the same answer."""
    prompt, settings = request.args
    kept = {key: value for key, value in settings.items() if key not in LIMIT_NAMES}
    kept["max_gen_toks"] = min(_TOKENS, limit_of(request))
    return Instance(
        request_type="generate_until", doc=request.doc, arguments=(prompt, kept), idx=request.idx
    )
