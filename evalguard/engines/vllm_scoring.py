"""Log-likelihoods from few vLLM prompts: what choices share is computed once.

lm-eval asks vLLM for the log-probabilities of the whole prompt, once for each choice, and vLLM
then skips its prefix cache. Here a choice of one token is read off the distribution after its
context, one prompt for all choices together; longer ones go through the prefix cache. The values
are those that lm-eval gets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evalguard.engines.vllm_library import RequestOutput, SamplingParams
from evalguard.engines.vllm_model import Tokens
from evalguard.errors import EngineError

Likelihood = tuple[float, bool]
"""Log-likelihood of a continuation, and whether it is the greedy one."""

MAX_CHOICES = 128
"""Tokens whose log-probabilities vLLM gives for one prompt."""


@dataclass(frozen=True, slots=True)
class Scoring:
    """A continuation to score for one model."""

    model: str
    context: Tokens
    continuation: Tokens


@dataclass(frozen=True, slots=True, eq=False)
class Prompt:
    """One prompt of an engine call, and how its output is read.

    Attributes:
        model: Which model answers it.
        tokens: The prompt.
        params: How vLLM is to answer.
    """

    model: str
    tokens: Tokens
    params: SamplingParams


Generate = Callable[[Sequence[Prompt]], list[RequestOutput]]
"""Answers prompts of all models in one engine call."""


class ScoringBatch:
    """The prompts of many scorings, each prompt once.

    Args:
        scorings: What to score; equal ones are scored once.
    """

    def __init__(self, scorings: Iterable[Scoring]) -> None:
        unique = list(dict.fromkeys(scorings))
        self._empty = [scoring for scoring in unique if not scoring.continuation]
        self._single = list(_by_context(s for s in unique if len(s.continuation) == 1))
        self._spans = [scoring for scoring in unique if len(scoring.continuation) > 1]
        self.prompts: list[Prompt] = [
            *(_next_token_prompt(group) for group in self._single),
            *(_span_prompt(scoring) for scoring in self._spans),
        ]

    def read(
        self, outputs: Sequence[RequestOutput], generate: Generate
    ) -> Mapping[Scoring, Likelihood]:
        """Return the likelihood of every scoring.

        Args:
            outputs: Outputs of :attr:`prompts`, in their order.
            generate: Runs again what came out of the cache too far.
        """
        found: dict[Scoring, Likelihood] = dict.fromkeys(self._empty, (0.0, True))
        count = len(self._single)
        for group, output in zip(self._single, outputs[:count], strict=True):
            found.update((scoring, _read_next_token(output, scoring)) for scoring in group)
        again = []
        for scoring, output in zip(self._spans, outputs[count:], strict=True):
            if _is_complete(output, scoring):
                found[scoring] = _read_span(output, scoring)
            else:
                again.append(scoring)
        if again:
            fresh = generate([_span_prompt(scoring, cached=False) for scoring in again])
            for scoring, output in zip(again, fresh, strict=True):
                found[scoring] = _read_span(output, scoring)
        return found


def _by_context(scorings: Iterable[Scoring]) -> Iterator[list[Scoring]]:
    groups: dict[tuple[str, Tokens], list[Scoring]] = {}
    for scoring in scorings:
        groups.setdefault((scoring.model, scoring.context), []).append(scoring)
    for group in groups.values():
        for start in range(0, len(group), MAX_CHOICES):
            yield group[start : start + MAX_CHOICES]


def _next_token_prompt(group: Sequence[Scoring]) -> Prompt:
    params = SamplingParams(
        temperature=0,
        max_tokens=1,
        logprob_token_ids=[scoring.continuation[0] for scoring in group],
        detokenize=False,
    )
    return Prompt(group[0].model, group[0].context, params)


def _span_prompt(scoring: Scoring, *, cached: bool = True) -> Prompt:
    params = SamplingParams(
        temperature=0,
        max_tokens=1,
        prompt_logprobs=1,  # beside the token's own, that of the likeliest
        detokenize=False,
        flat_logprobs=True,
        skip_reading_prefix_cache=not cached,
    )
    return Prompt(scoring.model, scoring.context + scoring.continuation, params)


def _read_next_token(output: RequestOutput, scoring: Scoring) -> Likelihood:
    completion = output.outputs[0]
    row = completion.logprobs[0]
    likelihood = row[scoring.continuation[0]].logprob
    return likelihood, likelihood >= row[completion.token_ids[0]].logprob


def _is_complete(output: RequestOutput, scoring: Scoring) -> bool:
    """Whether the rows of the continuation were computed: those of cached tokens are unset.

    The row of a token comes out of the position before it.
    """
    return (output.num_cached_tokens or 0) < len(scoring.context)


def _read_span(output: RequestOutput, scoring: Scoring) -> Likelihood:
    likelihood, greedy = 0.0, True
    for position, token in enumerate(scoring.continuation, start=len(scoring.context)):
        row = output.prompt_logprobs[position]
        if token not in row:
            raise EngineError(f"vLLM gave no log-probability for token {position} of a prompt")
        likelihood += row[token].logprob
        greedy = greedy and row[token].logprob >= max(entry.logprob for entry in row.values())
    return likelihood, greedy
