"""Scorers of shared words and characters: token F1, ROUGE-L, BLEU, chrF."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator

from evalguard.errors import did_you_mean
from evalguard.records import Metric, ScoreKind
from evalguard.scorers.binding import CorpusMetric
from evalguard.scorers.registry import scorer
from evalguard.scorers.targets import listed_aliases, with_a_word
from evalguard.scorers.text import right_answers
from evalguard.scorers.words import signs, spaced, terms_signs, words

if TYPE_CHECKING:
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF

_ARTICLES = frozenset({"a", "an", "the"})
TOKENIZERS = ("auto", "13a", "intl", "zh", "char", "none", "ja-mecab", "ko-mecab")
"""What :func:`bleu` may split text by: ``auto``, and sacrebleu's that need no download."""


def tokens(text: str) -> list[str]:
    """Return the words of a text; of one that has none, its signs."""
    return words(text) or signs(text)


@scorer(
    name="token_f1",
    kind=ScoreKind.BOUNDED,
    check_target=with_a_word,
    check_row=listed_aliases,
    target_is_answer=True,
    libraries=("regex",),
)
def token_f1(
    output: str, target: str, row: Mapping[str, Any], *, aliases: str | None = None
) -> float:
    """Return the best F1 of the words shared with the target or one of its aliases.

    As in SQuAD (Rajpurkar et al. 2016), the articles a, an and the do not count. What a word is in
    each script, :func:`evalguard.scorers.words.words` says.
    """
    found = _content_words(output)
    return max(
        _unless_signs_differ(_f1(found, _content_words(one)), output, one)
        for one in right_answers(target, row, aliases)
    )


@lru_cache(maxsize=16)  # a target that is checked is the answer, too
def _tokens(text: str) -> list[str]:
    return tokens(text)


def _content_words(text: str) -> list[str]:
    """Return the words without articles; all of them where nothing else would be left."""
    found = _tokens(text)
    return [word for word in found if word not in _ARTICLES] or found


def _f1(found: list[str], right: list[str]) -> float:
    """Return the F1 of two bags of words."""
    shared = (Counter(found) & Counter(right)).total()
    return 2 * shared / (len(found) + len(right)) if shared else 0.0


@scorer(
    name="rouge_l",
    kind=ScoreKind.BOUNDED,
    libraries=("regex",),
    check_target=with_a_word,
    target_is_answer=True,
)
def rouge_l(output: str, target: str) -> float:
    """Return ROUGE-L (Lin 2004): the F1 of the longest common subsequence of words.

    The value of rouge-score's ``rougeL`` without stemming, in any script.
    """
    found, right = _tokens(output), _tokens(target)
    common = longest_common_subsequence(found, right)
    score = 2 * common / (len(found) + len(right)) if common else 0.0
    return _unless_signs_differ(score, output, target)


def _unless_signs_differ(score: float, output: str, target: str) -> float:
    """Return a score of words; full marks need the same signs of numbers and terms as well.

    "-3" and "3" have the same words. Where nothing else differs, their signs count as words, and
    in a term so does the order.
    """
    if score < 1 or output == target:
        return score
    found, right = terms_signs(output), terms_signs(target)
    n_words = len(_tokens(target))
    if found != right:
        return 2 * n_words / (2 * n_words + max(len(found), len(right)))
    if right or "\\" in target:  # the order matters: "2 - 3", the parts of a fraction
        first, second = ([w for w in _tokens(one) if w != "the"] for one in (output, target))
        common = longest_common_subsequence(first, second)
        return 2 * common / (len(first) + len(second))
    return score


def longest_common_subsequence(first: list[str], second: list[str]) -> int:
    """Return the length of the longest common subsequence.

    Bit-parallel (Crochemore et al. 2001): one word-wide step a token instead of a table, which
    keeps an output of 50,000 tokens at milliseconds.

    Example:
        >>> longest_common_subsequence("a b c d".split(), "b x d".split())
        2
    """
    if first == second:
        return len(second)
    positions: dict[str, int] = {}
    for index, token in enumerate(second):
        positions[token] = positions.get(token, 0) | 1 << index
    full = (1 << len(second)) - 1
    row = full
    for token in first:
        matches = row & positions.get(token, 0)
        row = ((row + matches) | (row - matches)) & full
    return len(second) - row.bit_count()


def known_tokenizer(name: str) -> str:
    """Refuse a tokenizer that sacrebleu does not have, or whose package is not installed.

    Raises:
        ValueError: If it is unknown; pydantic turns it into the option's error.
    """
    if name not in TOKENIZERS:
        raise ValueError(f"unknown tokenizer {name!r}. {did_you_mean(name, TOKENIZERS)}")
    try:
        _bleu(name, per_sample=False)
    except (ImportError, RuntimeError) as error:
        extra = name.split("-", maxsplit=1)[0]
        raise ValueError(
            f"the tokenizer {name!r} needs a package that is not installed: "
            f"pip install 'sacrebleu[{extra}]'"
        ) from error
    return name


Tokenizer = Annotated[str, AfterValidator(known_tokenizer)]
"""A name of :data:`TOKENIZERS` that can be used."""


@cache
def _bleu(tokenize: str, *, per_sample: bool) -> BLEU:
    """Return sacrebleu's BLEU with its default settings, which papers report."""
    from sacrebleu.metrics.bleu import BLEU

    # effective_order: a sentence of three words has no 4-grams, which must not make it zero.
    return BLEU(
        effective_order=per_sample, tokenize="13a" if tokenize == "auto" else tokenize, force=True
    )


@cache
def _chrf() -> CHRF:
    """Return sacrebleu's chrF2, with its default settings."""
    from sacrebleu.metrics.chrf import CHRF

    return CHRF()


def _ready(text: str, tokenize: str = "") -> str:
    """Return a text composed (NFC), for ``auto`` with the words of scripts without spaces apart."""
    text = unicodedata.normalize("NFC", text)
    return spaced(text) if tokenize == "auto" else text


def _bleu_statistics(
    output: str, target: str, row: Mapping[str, Any], *, tokenize: Tokenizer = "auto"
) -> dict[str, float]:
    """Return one sample's n-gram counts, which add up over samples."""
    metric = _bleu(tokenize, per_sample=False)
    return _counts(metric, _ready(output, tokenize), _ready(target, tokenize))


def _chrf_statistics(output: str, target: str, row: Mapping[str, Any]) -> dict[str, float]:
    """Return one sample's character n-gram counts."""
    return _counts(_chrf(), _ready(output), _ready(target))


def _counts(metric: BLEU | CHRF, output: str, target: str) -> dict[str, float]:
    return {str(i): float(count) for i, count in enumerate(_ngrams(metric, output, target))}


def _ngrams(metric: BLEU | CHRF, output: str, target: str) -> list[int]:
    """Return sacrebleu's n-gram counts of one sample.

    Equal texts match in all of their n-grams, which need not be listed to be counted.
    """
    if (equal := _equal_units(metric, output, target)) is None:
        [counts] = metric._extract_corpus_statistics([output], [[target]])
        return list(counts)
    if hasattr(metric, "char_order"):
        of_order = [max(equal - n, 0) for n in range(metric.char_order)]
        return [count for count in of_order for _ in ("output", "target", "matched")]
    of_order = [max(equal - n, 0) for n in range(metric.max_ngram_order)]
    return [equal, equal, *of_order, *of_order]


def _equal_units(metric: BLEU | CHRF, output: str, target: str) -> int | None:
    """Return the number of characters or words of two texts that are equal to sacrebleu."""
    if hasattr(metric, "char_order"):
        found, right = ("".join(text.split()) for text in (output, target))
        return len(right) if found == right else None
    found, right = (metric._preprocess_segment(text) for text in (output, target))
    return len(right.split()) if found == right else None


def _bleu_of(totals: Mapping[str, float]) -> float:
    """Return the corpus BLEU of summed counts, as a fraction.

    Where no output has four words there are no 4-grams, and BLEU up to order four would be 0
    whatever the answers are; orders without any n-gram are left out then. Otherwise the value is
    sacrebleu's.
    """
    counts = [int(totals[str(index)]) for index in range(len(totals))]
    # Any tokenizer will do: what is left to compute needs none.
    score: float = _bleu("none", per_sample=True)._compute_score_from_stats(counts).score
    return min(score / 100, 1.0)


def _chrf_of(totals: Mapping[str, float]) -> float:
    """Return the corpus chrF2 of summed counts, as a fraction."""
    counts = [int(totals[str(index)]) for index in range(len(totals))]
    score: float = _chrf()._compute_score_from_stats(counts).score
    return min(score / 100, 1.0)


@scorer(
    name="bleu",
    metrics=(Metric("sentence_bleu", ScoreKind.BOUNDED),),
    corpus=(CorpusMetric(Metric("bleu", ScoreKind.CORPUS), _bleu_statistics, _bleu_of),),
    libraries=("regex", "sacrebleu"),
    check_target=with_a_word,
    target_is_answer=True,
)
def bleu(output: str, target: str, *, tokenize: Tokenizer = "auto") -> dict[str, float]:
    """Return sacrebleu's BLEU as a fraction: of each sample, and ``bleu`` of the whole set.

    ``tokenize`` is one of :data:`TOKENIZERS`. ``auto`` is sacrebleu's default, 13a, with each
    character of a script without spaces as a word.
    """
    metric = _bleu(tokenize, per_sample=True)
    ready = _ready(output, tokenize)
    counts = _ngrams(metric, ready, _ready(target, tokenize))
    score: float = metric._compute_score_from_stats(counts).score
    return {"sentence_bleu": min(score / 100, 1.0)}  # 100.00000000000004 occurs


@scorer(
    name="chrf",
    metrics=(Metric("sentence_chrf", ScoreKind.BOUNDED),),
    corpus=(CorpusMetric(Metric("chrf", ScoreKind.CORPUS), _chrf_statistics, _chrf_of),),
    libraries=("sacrebleu",),
    check_target=with_a_word,
    target_is_answer=True,
)
def chrf(output: str, target: str) -> dict[str, float]:
    """Return sacrebleu's chrF2 as a fraction: of each sample, and ``chrf`` of the whole set."""
    counts = _ngrams(_chrf(), _ready(output), _ready(target))
    score: float = _chrf()._compute_score_from_stats(counts).score
    return {"sentence_chrf": min(score / 100, 1.0)}
