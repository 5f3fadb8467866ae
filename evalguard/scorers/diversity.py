"""Measures of mode collapse over the k samples of one prompt, at a fixed length.

Every measure of diversity moves with the length of the text, so that a model that merely became
terser would look collapsed. ``@L`` measures therefore see the first L tokens of each sample only,
L being one number for a prompt and both models (:func:`common_length`). Each prompt gives one
value; values of prompts are compared in pairs, and never a set is resampled.

Tokens are strings or the tokenizer's ids: anything that can be hashed and written.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Hashable, Sequence
from functools import lru_cache
from itertools import combinations, pairwise

import regex

from evalguard.records import Metric, ScoreKind
from evalguard.scorers.extract import normalise

Tokens = Sequence[Hashable]
Bigrams = frozenset[tuple[Hashable, Hashable]]

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORD = regex.compile(rf"(?V1)[{_UNSPACED}]|[[\p{{L}}\p{{M}}\p{{N}}_]--[{_UNSPACED}]]+|[^\s\w]")

MIN_SAMPLES = 4
"""Fewer samples per prompt cannot estimate the rate of equal ones."""

MAX_COMPRESSION = 10.0
"""Compression ratios are capped here; healthy text of a few sentences lies between 1 and 3."""

LOOP_MAX_PERIOD = 20
LOOP_MIN_REPEATS = 4
LOOP_MAX_REPEATED_SHARE = 0.5

METRICS = (
    Metric("unique_outputs", ScoreKind.BOUNDED),
    Metric("distinct_2", ScoreKind.BOUNDED),
    Metric("bigram_overlap", ScoreKind.BOUNDED, higher_is_better=False),
    Metric("compression", ScoreKind.BOUNDED, 0.0, MAX_COMPRESSION, higher_is_better=False),
    Metric("repetition_loop", ScoreKind.BOUNDED, higher_is_better=False),
)
"""What :func:`prompt_diversity` measures."""


def common_length(lengths: Sequence[int]) -> int:
    """Return L: the 10th percentile of the lengths of a prompt's samples, at least 1.

    Args:
        lengths: Token counts of the samples of both models, pooled.

    Raises:
        ValueError: If there are none.

    Example:
        >>> common_length([40, 12, 30, 25, 18, 22, 35, 28, 31, 26])
        12
    """
    if not lengths:
        raise ValueError("the length to compare at needs the lengths of some samples, got none")
    return max(1, sorted(lengths)[math.ceil(len(lengths) / 10) - 1])


def prompt_diversity(
    outputs: Sequence[str],
    tokens: Sequence[Tokens],
    *,
    length: int,
    stopped_at_limit: Sequence[bool],
) -> dict[str, float]:
    """Return every measure of :data:`METRICS` for one model's samples of one prompt.

    Args:
        outputs: The k samples as text, k of at least :data:`MIN_SAMPLES`.
        tokens: The same as tokens, not truncated.
        length: L, from :func:`common_length` over both models.
        stopped_at_limit: Whether each sample ended at the token limit and not by itself.

    Raises:
        ValueError: If the arguments differ in number, or there are too few samples.
    """
    if not len(outputs) == len(tokens) == len(stopped_at_limit):
        raise ValueError(
            f"one text, one token list and one stop reason a sample, got {len(outputs)}, "
            f"{len(tokens)} and {len(stopped_at_limit)}"
        )
    loops = [
        repetition_loop(one, stopped_at_limit=stopped)
        for one, stopped in zip(tokens, stopped_at_limit, strict=True)
    ]
    return {
        "unique_outputs": unique_outputs(outputs),
        "repetition_loop": sum(loops) / len(loops),
        **at_length(tokens, length=length),
    }


def at_length(tokens: Sequence[Tokens], *, length: int) -> dict[str, float]:
    """Return the measures that depend on L.

    Args:
        tokens: The k samples of one prompt, not truncated.
        length: L, from :func:`common_length` over both models.
    """
    return {
        "distinct_2": distinct_2(tokens, length=length),
        "bigram_overlap": bigram_overlap(tokens, length=length),
        "compression": min(compression_ratio(tokens, length=length), MAX_COMPRESSION),
    }


def words(text: str) -> list[str]:
    """Split text into words and punctuation marks, the same for every model's tokenizer.

    Scripts that put no space between words are split into characters.

    Example:
        >>> words("It's late, 今日は!")
        ['It', "'", 's', 'late', ',', '今', '日', 'は', '!']
    """
    return _WORD.findall(text)


def unique_outputs(outputs: Sequence[str]) -> float:
    """Return the share of different normalised texts, 1/k where all are equal.

    Raises:
        ValueError: If there are fewer than :data:`MIN_SAMPLES`.
    """
    if len(outputs) < MIN_SAMPLES:
        raise ValueError(f"needs at least {MIN_SAMPLES} samples a prompt, got {len(outputs)}")
    return len({normalise(output) for output in outputs}) / len(outputs)


def distinct_2(samples: Sequence[Tokens], *, length: int) -> float:
    """Return ``distinct-2@L``: different bigrams / bigrams, pooled over the samples.

    Samples without any bigram are no text, and score 0.

    Example:
        >>> distinct_2([["a", "b", "c"], ["a", "b", "d"]], length=3)
        0.75
    """
    bigrams = [bigram for sample in samples for bigram in pairwise(sample[:length])]
    return len(set(bigrams)) / len(bigrams) if bigrams else 0.0


def bigram_overlap(samples: Sequence[Tokens], *, length: int) -> float:
    """Return ``Jaccard@L``: the mean over pairs of samples of shared / all bigrams.

    Two samples without bigrams are equal, and overlap by 1.

    Raises:
        ValueError: If there is no pair.

    Example:
        >>> bigram_overlap([["a", "b", "c"], ["a", "b", "d"]], length=3)
        0.3333333333333333
    """
    if len(samples) < 2:
        raise ValueError(f"overlap needs at least 2 samples, got {len(samples)}")
    sets = [Bigrams(pairwise(sample[:length])) for sample in samples]
    overlaps = [
        len(first & second) / len(first | second) if first or second else 1.0
        for first, second in combinations(sets, 2)
    ]
    return sum(overlaps) / len(overlaps)


def compression_ratio(samples: Sequence[Tokens], *, length: int | None) -> float:
    """Return the bytes of the joined samples / their bytes under zlib at level 9.

    Args:
        samples: Token lists.
        length: L; ``None`` leaves the samples whole, which measures length above all.
    """
    joined = "\n".join(" ".join(map(str, sample[:length])) for sample in samples).encode()
    return len(joined) / len(zlib.compress(joined, 9))


def repetition_loop(tokens: Tokens, *, stopped_at_limit: bool) -> bool:
    """Return whether a sample is a repetition loop.

    That is: some n-gram of up to 20 tokens stands four times in a row, or the sample ran into the
    token limit with more than half of its 4-grams repeated.

    Example:
        >>> repetition_loop("so it goes so it goes so it goes so it goes".split(),
        ...                 stopped_at_limit=False)
        True
    """
    for period in range(1, LOOP_MAX_PERIOD + 1):
        needed = (LOOP_MIN_REPEATS - 1) * period
        run = 0
        for token, later in zip(tokens, tokens[period:], strict=False):
            run = run + 1 if token == later else 0
            if run == needed:
                return True
    if not stopped_at_limit:
        return False
    fours = Counter(zip(*(tokens[start:] for start in range(4)), strict=False))
    return bool(fours) and 1 - len(fours) / fours.total() > LOOP_MAX_REPEATED_SHARE


def log_length_ratio(candidate: Sequence[int], baseline: Sequence[int]) -> float:
    """Return log(mean length of the candidate / mean length of the baseline) for one prompt.

    Gate it on both sides. A mean below one token counts as one, as empty answers have no
    logarithm.

    Raises:
        ValueError: If one side has no samples.

    Example:
        >>> log_length_ratio([30, 30], [30, 30])
        0.0
    """
    if not candidate or not baseline:
        raise ValueError("the ratio of lengths needs samples of both models")
    means = [max(sum(lengths) / len(lengths), 1.0) for lengths in (candidate, baseline)]
    return math.log(means[0] / means[1])


def shared_answers(outputs: Sequence[str]) -> list[bool]:
    """Return for each prompt's answer whether another prompt got the same, normalised.

    Args:
        outputs: One answer a prompt, to prompts that call for different answers.

    Example:
        >>> shared_answers(["Yes.", "no", "yes"])
        [True, False, True]
    """
    said = [_normalised(output) for output in outputs]
    counts = Counter(said)
    return [counts[answer] > 1 for answer in said]


_normalised = lru_cache(maxsize=1 << 16)(normalise)
"""A jackknife asks for the same answers hundreds of times."""
