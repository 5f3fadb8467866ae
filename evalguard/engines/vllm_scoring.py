"""Log-likelihoods from few vLLM prompts: what choices share is computed once.

lm-eval asks vLLM for the log-probabilities of the whole prompt, once for each choice, and vLLM
then skips its prefix cache. Here a choice of one token is read off the distribution after its
context, one prompt for all choices together; longer ones go through the prefix cache. The values
are those that lm-eval gets.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evalguard.engines.vllm_library import RequestOutput, SamplingParams
from evalguard.engines.vllm_queue import Prompt
from evalguard.engines.windows import Tokens
from evalguard.errors import EngineError

Likelihood = tuple[float, bool]
"""Log-likelihood of a continuation, and whether it is the greedy one."""

MAX_CHOICES = 128
"""Tokens whose log-probabilities vLLM gives for one prompt."""

_BLOCK_TOKENS = 32
"""About what a prompt computes of which all but the last block is cached."""


@dataclass(frozen=True, slots=True)
class Scoring:
    """A continuation to score for one model."""

    model: str
    context: Tokens
    continuation: Tokens


@dataclass(frozen=True, slots=True, eq=False)
class ScoringPrompt(Prompt):
    """A prompt whose output tells the likelihoods of continuations.

    Attributes:
        scorings: The continuations.
        span: A longer continuation, of which this prompt reads one token.
    """

    scorings: tuple[Scoring, ...]
    span: _Span | None = None

    def read(self, output: RequestOutput) -> tuple[dict[Scoring, Likelihood], list[ScoringPrompt]]:
        """Return likelihoods, and what is to be asked for those that the output does not tell."""
        scoring = self.scorings[0]
        if self.span is not None:
            self.span.tokens[len(scoring.context)] = _read_next_token(output, scoring)
            return self.span.found(), []
        if len(scoring.continuation) == 1:
            return {scoring: _read_next_token(output, scoring) for scoring in self.scorings}, []
        span = _Span(scoring, {})
        cached = 0 if self.params.skip_reading_prefix_cache else output.num_cached_tokens or 0
        missing = span.read(output, cached)
        if len(missing) * _BLOCK_TOKENS > len(self.tokens):
            return {}, [_span_prompt(scoring, cached=False)]
        return span.found(), [_token_prompt(span, position) for position in missing]


@dataclass(frozen=True, slots=True, eq=False)
class _Span:
    """A continuation of several tokens, and what is known of them.

    Attributes:
        scoring: The continuation.
        tokens: The likelihood of each token, by its position in context and continuation.
    """

    scoring: Scoring
    tokens: dict[int, Likelihood]

    def read(self, output: RequestOutput, cached: int) -> list[int]:
        """Read the tokens whose rows were computed; return the positions of the others.

        The row of a token comes out of the position before it: it is unset where that was cached.
        """
        missing = []
        for position, token in enumerate(self.scoring.continuation, len(self.scoring.context)):
            if position <= cached:
                missing.append(position)
            else:
                self.tokens[position] = _read_row(output.prompt_logprobs[position], token, position)
        return missing

    def found(self) -> dict[Scoring, Likelihood]:
        """Return the likelihood of the continuation once every token's is known."""
        if len(self.tokens) < len(self.scoring.continuation):
            return {}
        likelihood, greedy = 0.0, True
        for position in sorted(self.tokens):
            own, is_greedy = self.tokens[position]
            likelihood += own
            greedy = greedy and is_greedy
        return {self.scoring: (likelihood, greedy)}


class OpenScorings:
    """The scorings of many requests, and which requests still wait for some.

    Args:
        wanted: What each request needs scored; equal scorings are scored once.
    """

    def __init__(self, wanted: Mapping[int, Sequence[Scoring]]) -> None:
        self._wanted = dict(wanted)
        self._missing = {request: len(set(own)) for request, own in wanted.items()}
        self._waiting: dict[Scoring, list[int]] = defaultdict(list)
        for request, own in wanted.items():
            for scoring in dict.fromkeys(own):
                self._waiting[scoring].append(request)
        self._found: dict[Scoring, Likelihood] = {}

    def prompts(self) -> list[ScoringPrompt]:
        """Return what vLLM must be given, each prompt once."""
        single = _by_context(s for s in self._waiting if len(s.continuation) == 1)
        spans = (scoring for scoring in self._waiting if len(scoring.continuation) > 1)
        return [*map(_next_token_prompt, single), *map(_span_prompt, spans)]

    def empty(self) -> dict[Scoring, Likelihood]:
        """Return the likelihoods of empty continuations, which are certain."""
        return {scoring: (0.0, True) for scoring in self._waiting if not scoring.continuation}

    def found(
        self, likelihoods: Mapping[Scoring, Likelihood]
    ) -> Iterator[tuple[int, list[Likelihood]]]:
        """Take note of likelihoods; yield the requests that now have all of theirs."""
        for scoring, likelihood in likelihoods.items():
            self._found[scoring] = likelihood
            for request in self._waiting.pop(scoring):
                self._missing[request] -= 1
                if not self._missing[request]:
                    yield request, [self._found[own] for own in self._wanted[request]]


def _by_context(scorings: Iterable[Scoring]) -> Iterator[list[Scoring]]:
    groups: dict[tuple[str, Tokens], list[Scoring]] = {}
    for scoring in scorings:
        groups.setdefault((scoring.model, scoring.context), []).append(scoring)
    for group in groups.values():
        for start in range(0, len(group), MAX_CHOICES):
            yield group[start : start + MAX_CHOICES]


def _next_token_prompt(group: Sequence[Scoring]) -> ScoringPrompt:
    params = SamplingParams(
        temperature=0,
        max_tokens=1,
        logprob_token_ids=[scoring.continuation[0] for scoring in group],
        detokenize=False,
    )
    return ScoringPrompt(group[0].model, group[0].context, params, tuple(group))


def _span_prompt(scoring: Scoring, *, cached: bool = True) -> ScoringPrompt:
    params = SamplingParams(
        temperature=0,
        max_tokens=1,
        prompt_logprobs=1,  # beside the token's own, that of the likeliest
        detokenize=False,
        flat_logprobs=True,
        skip_reading_prefix_cache=not cached,
    )
    tokens = scoring.context + scoring.continuation
    return ScoringPrompt(scoring.model, tokens, params, (scoring,))


def _read_next_token(output: RequestOutput, scoring: Scoring) -> Likelihood:
    completion = output.outputs[0]
    row = completion.logprobs[0]
    likelihood = row[scoring.continuation[0]].logprob
    return likelihood, likelihood >= row[completion.token_ids[0]].logprob


def _token_prompt(span: _Span, position: int) -> ScoringPrompt:
    tokens = span.scoring.context + span.scoring.continuation
    scoring = Scoring(span.scoring.model, tokens[:position], tokens[position : position + 1])
    return replace(_next_token_prompt([scoring]), span=span)


def _read_row(row: Mapping[int, Any], token: int, position: int) -> Likelihood:
    if token not in row:
        raise EngineError(f"vLLM gave no log-probability for token {position} of a prompt")
    likelihood = row[token].logprob
    return likelihood, likelihood >= max(entry.logprob for entry in row.values())
