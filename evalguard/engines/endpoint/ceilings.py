"""Sees whether a server ends answers early and says that they are whole.

A wrapper or a gateway with a limit of its own cuts answers at 16 or 128 tokens, whatever it is
asked for, and calls each end a "stop". Answers that are cut have one thing in common that others
lack: none is longer than the limit, and several different ones have exactly its length, most of
them in mid-sentence. A model with answers of one form may look like that, too, so answers are drawn
at a high temperature before it is said: of these, some are longer where there is no limit.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from lm_eval.api.instance import Instance

from evalguard.engines.base import Doubt, generation
from evalguard.engines.endpoint.counts import usual_tokens
from evalguard.engines.endpoint.requests import UnansweredError
from evalguard.engines.limits import DEFAULT_LIMIT, limit_of
from evalguard.errors import EngineError

_LONG = (
    "Write the numbers from 1 to 200, separated by commas.",
    "Tell a long story about a lighthouse, in ten paragraphs.",
    "List all countries of Europe, each with its capital.",
)
"""What calls for long answers."""

_LONG_TOKENS = 256
"""Most tokens that are asked for then."""

_OWN = 5
"""Requests of a run that are sent in advance."""

_FEWEST = 3
"""Different answers of the same length from which a limit is suspected, or requests of a run from
which it is looked for."""

_LEAST = 8
"""Tokens from which a limit is suspected; shorter answers of one length are labels."""

_SHARE = 0.02
"""The same as :data:`_FEWEST`, as a share of the answers of a run. By hand: of answers that end by
themselves fewer have exactly the greatest length."""

_VARIED = 0.75
"""Share of the longest answers that must be different: labels are not."""

_DRAWS = 8
_TEMPERATURE = 1.5

_NEAR = 0.4
"""Share of the greatest length from which answers that nobody counts in tokens count as long: a
number has about so many characters to a token as there are in a third of a word."""

_DIGIT = 0.7
"""Tokens of a digit: some vocabularies have one for each, others one for up to three."""

_FEWEST_UNCOUNTED = 6
"""Answers that must all be cut alike where nobody counts their tokens."""


@dataclass(frozen=True, slots=True)
class Written:
    """An answer that the server says is whole, or that used up its limit.

    Attributes:
        text: The text.
        tokens: Tokens that the server counted; ``None`` where it counts none.
        limit: Tokens that were asked for.
        used_up: Whether the server says that it ends for that limit.
    """

    text: str
    tokens: int | None
    limit: int
    used_up: bool

    @property
    def is_full(self) -> bool:
        """Whether it ends at the limit that it was asked for."""
        return self.used_up or self.length >= self.limit - 1

    @property
    def length(self) -> float:
        """Tokens that it has, or about as many."""
        if self.tokens is not None:
            return self.tokens
        digits = sum(map(str.isdigit, self.text))
        return usual_tokens(self.text) + digits * (_DIGIT - 1 / 4)


AskLengths = Callable[[str, Sequence[Instance]], "list[Written | None]"]
"""Asks a model, and returns what it wrote; ``None`` where there is no answer."""


@dataclass(frozen=True, slots=True)
class _Ceiling:
    """A limit of the server's own.

    Attributes:
        tokens: The greatest length of an answer, perhaps about.
        counted: Whether the server counts tokens.
        words: What was seen.
    """

    tokens: int
    counted: bool
    words: str

    def cuts(self, one: Written) -> bool:
        """Whether an answer has the length at which answers are cut."""
        if one.is_full:
            return False
        return one.length >= (self.tokens if self.counted else _NEAR * self.tokens)


class Ceilings:
    """Knows at which length a server cuts the answers of its models.

    Args:
        ask: Asks a model.
        default_limit: Tokens of an answer whose task sets no limit.
    """

    def __init__(self, ask: AskLengths, default_limit: int = DEFAULT_LIMIT) -> None:
        self._ask = ask
        self._default_limit = default_limit
        self._looked: dict[str, int] = {}
        self._found: dict[str, _Ceiling] = {}
        self._asked: dict[str, set[str]] = {}
        self._seen: dict[str, dict[str, tuple[Instance, Written]]] = {}
        self._late: dict[str, _Ceiling] = {}
        self._unseen: set[str] = set()
        self._passed: dict[str, float] = {}

    def look(self, model: str, requests: Iterable[Instance]) -> None:
        """Ask for long answers, and some of a run; :meth:`note` raises what comes of it.

        Args:
            model: The model.
            requests: What it will be asked.
        """
        by_prompt = {str(one.args[0]): one for one in requests if self._limit(one) > _LEAST}
        self._asked[model] = set(by_prompt)
        limit = max(map(self._limit, by_prompt.values()), default=0)
        if len(by_prompt) < _FEWEST or self._looked.get(model, 0) >= limit:
            return
        self._looked[model] = limit
        own = list(by_prompt.values())
        tokens = min(limit, _LONG_TOKENS)
        asked = [
            *(generation(text, tokens=tokens) for text in _LONG),
            *(own[place * len(own) // _OWN] for place in range(_OWN)),
        ]
        written = self._ask(model, asked)
        found = [(one, said) for one, said in zip(asked, written, strict=True) if said]
        if ceiling := self._confirmed(model, found, fewest=_FEWEST):
            self._found[model] = ceiling

    def note(self, model: str, request: Instance, one: Written) -> None:
        """Remember an answer, where it is one to a request of the run.

        Raises:
            UnansweredError: If it has the length at which the server is known to cut.
        """
        ceiling = self._found.get(model)
        if ceiling is not None and ceiling.cuts(one):
            raise UnansweredError(
                f"the server truncated this answer at {_about(ceiling)} tokens ({one.limit} "
                f"requested) but reported it as complete: {ceiling.words}. {_advice(ceiling)}"
            )
        prompt = str(request.args[0])
        if ceiling is None and one.limit > _LEAST and prompt in self._asked.get(model, ()):
            seen = self._seen.setdefault(model, {})
            if prompt not in seen or seen[prompt][1].limit <= one.limit:
                seen[prompt] = request, one
                self._unseen.add(model)

    def look_back(self, model: str) -> None:
        """See whether answers of a run end where others do; :meth:`doubt` says what comes of it."""
        if model not in self._unseen or model in self._late:
            return
        found = list(self._seen[model].values())
        if all(one.tokens is not None for _, one in found):
            fewest = max(_FEWEST, _SHARE * len(found))
            if ceiling := self._confirmed(model, found, fewest=fewest):
                self._late[model] = ceiling
        self._unseen.discard(model)  # not where the server did not answer: it is to be seen again

    def doubt(self, model: str, request: Instance) -> Doubt | None:
        """Return why answers to requests like one may have been cut.

        Answers of a run that was interrupted are looked back on first.
        """
        if self._limit(request) <= _LEAST:
            return None
        try:
            self.look_back(model)
        except EngineError as error:
            return Doubt(f"cannot verify that the server did not truncate its answers: {error}")
        ceiling = self._late.get(model)
        if ceiling is None or self._limit(request) <= ceiling.tokens:
            return None
        return Doubt(
            f"the server truncates answers at {_about(ceiling)} tokens but reports them as "
            f"complete: {ceiling.words}. {_advice(ceiling)}"
        )

    def _limit(self, request: Instance) -> int:
        """Return the tokens that a request asks for; 0 where it asks for no text."""
        return limit_of(request, self._default_limit)

    def _confirmed(
        self, model: str, found: Sequence[tuple[Instance, Written]], *, fewest: float
    ) -> _Ceiling | None:
        """Return the limit that answers seem to show, unless drawn ones are longer."""
        top = _top([one for _, one in found], fewest)
        most = max((one.length for one in top), default=0)
        if most <= self._passed.get(model, 0):
            return None
        counted, texts = top[0].tokens is not None, {one.text for one in top}
        asked = [request for request, one in found if one.text in texts]
        draws = [_drawn(asked[seed % len(asked)], seed) for seed in range(_DRAWS)]
        drawn = [one for one in self._ask(model, draws) if one is not None]
        near = 1 if counted else _NEAR
        as_long = sum(one.length >= most * near for one in drawn)
        if any(one.used_up or one.length > most / near for one in drawn) or (
            len(drawn) >= _DRAWS / 2 > as_long
        ):
            self._passed[model] = most
            return None
        words = f"{len(texts) + as_long} answers stop at that length, none is longer"
        return _Ceiling(round(most), counted, words)


def _top(found: Sequence[Written], fewest: float) -> list[Written]:
    """Return the answers that have the greatest length, where that may be a limit of the server."""
    counted = [one for one in found if one.tokens is not None]
    own = [one for one in counted or found if not one.is_full]
    most, near = max((one.length for one in own), default=0), 1 if counted else _NEAR
    if most < _LEAST or any(one.is_full and one.length > most for one in counted or found):
        return []
    top = [one for one in own if one.length >= most * near]
    texts = {one.text for one in top}
    broken = sum(map(breaks_off, texts))
    if not counted:  # then all must be cut, and no two be the same, as labels are
        alike = min(len(texts), broken) == len(top) == len(own)
        return top if alike and len(top) >= _FEWEST_UNCOUNTED else []
    varied = len(texts) >= max(fewest, _VARIED * len(top))
    return top if varied and broken >= len(texts) / 2 else []


def breaks_off(text: str) -> bool:
    """Return whether a text ends in a word, a number or a comma, not as sentences and lists end.

    Example:
        >>> breaks_off("The sea is deep and"), breaks_off("1, 2, 3,"), breaks_off("It is blue.")
        (True, True, False)
    """
    last = text.rstrip()[-1:]
    return bool(last) and (last in ",;:-–—(、，；：" or unicodedata.category(last)[0] in "LMN")


def _about(ceiling: _Ceiling) -> str:
    return f"{ceiling.tokens}" if ceiling.counted else f"about {ceiling.tokens}"


def _advice(ceiling: _Ceiling) -> str:
    return f"Raise the server's limit, or set 'max_new_tokens' to at most {ceiling.tokens}"


def _drawn(request: Instance, seed: int) -> Instance:
    prompt, settings = request.args
    drawn = {**settings, "do_sample": True, "temperature": _TEMPERATURE, "seed": seed}
    return replace(request, arguments=(prompt, drawn))
