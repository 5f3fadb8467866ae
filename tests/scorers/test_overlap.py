"""Overlap scores equal those of the libraries that papers use."""

import random
import string
from collections.abc import Sequence

import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score import tokenize
from rouge_score.rouge_scorer import RougeScorer

from evalguard import scorers
from evalguard.scorers.overlap import (
    TOKENIZERS,
    _bleu,
    _chrf,
    _ngrams,
    _ready,
    longest_common_subsequence,
)
from evalguard.scorers.words import words

LEXICON = ["the", "a", "red", "fox", "runs", "over", "old", "bridges", "42", "x-ray", "it's", "no."]

ROUGE_L = RougeScorer(["rougeL"])

Rows = Sequence[tuple[str, str, dict[str, str]]]

texts = st.lists(st.sampled_from(LEXICON), max_size=20).map(" ".join)

letters = st.lists(st.sampled_from("abcd"), max_size=30)


def table_lcs(first, second):
    """The textbook recurrence."""
    rows = [[0] * (len(second) + 1)]
    for one in first:
        rows.append([0])
        for j, other in enumerate(second):
            rows[-1].append(rows[-2][j] + 1 if one == other else max(rows[-2][j + 1], rows[-1][j]))
    return rows[-1][-1]


@settings(deadline=None)
@given(
    st.lists(st.sampled_from("abcd"), max_size=30), st.lists(st.sampled_from("abcd"), max_size=30)
)
def test_bit_parallel_lcs_equals_the_table(first, second):
    assert longest_common_subsequence(first, second) == table_lcs(first, second)
    assert longest_common_subsequence(second, first) == table_lcs(first, second)


@settings(deadline=None)
@given(texts, texts)
def test_rouge_l_equals_rouge_score(output, target):
    reference = ROUGE_L.score(target, output)["rougeL"].fmeasure
    assert scorers.get("rouge_l").score(output, target, {})["rouge_l"] == pytest.approx(reference)


@settings(deadline=None)
@given(st.text(string.ascii_letters + string.digits + " .,-'!?\n"))
def test_words_equal_rouge_score_on_ascii(text):
    assert words(text) == tokenize.tokenize(text, None)


def corpus():
    rng = random.Random(7)
    pick = lambda: " ".join(rng.choices(LEXICON, k=rng.randint(0, 15)))  # noqa: E731
    targets = [pick() + " the end" for _ in range(40)]
    outputs = [target if rng.random() < 0.3 else pick() for target in targets]
    return outputs, targets


@pytest.mark.parametrize("name", ["bleu", "chrf"])
def test_corpus_scores_equal_sacrebleu(name):
    outputs, targets = corpus()
    reference = getattr(sacrebleu, f"corpus_{name}")(outputs, [targets]).score / 100
    rows: Rows = [(output, target, {}) for output, target in zip(outputs, targets, strict=True)]
    assert scorers.get(name).score_corpus(name, rows) == pytest.approx(reference)


@pytest.mark.parametrize("name", ["bleu", "chrf"])
def test_corpus_statistics_add_up_in_any_order(name):
    """What lets a jackknife leave a group out by subtraction."""
    scorer = scorers.get(name)
    rows: Rows = [(output, target, {}) for output, target in zip(*corpus(), strict=True)]
    assert scorer.score_corpus(name, rows[::-1]) == pytest.approx(scorer.score_corpus(name, rows))
    part = [scorer.statistics(name, *row) for row in rows[:30]]
    totals = {key: sum(one[key] for one in part) for key in part[0]}
    assert scorer.finish(name, totals) == pytest.approx(scorer.score_corpus(name, rows[:30]))


def test_sentence_scores_equal_sacrebleu():
    outputs, targets = corpus()
    for output, target in zip(outputs, targets, strict=True):
        bleu = sacrebleu.sentence_bleu(output, [target]).score / 100
        assert scorers.get("bleu").score(output, target, {})["sentence_bleu"] == pytest.approx(bleu)
        chrf = sacrebleu.sentence_chrf(output, [target]).score / 100
        assert scorers.get("chrf").score(output, target, {})["sentence_chrf"] == pytest.approx(chrf)


any_texts = st.lists(
    st.sampled_from([*"abx.,!-' \n\t\u00a0\u2003\u3000", "é", "e\u0301", "日", "本", "ไ", "🙂"]),
    max_size=40,
).map("".join)


@settings(deadline=None)
@given(any_texts, st.sampled_from(["", " ", "\n"]), st.sampled_from([*TOKENIZERS[:-2]]))
def test_equal_texts_have_the_counts_of_sacrebleu(target, around, tokenize):
    """They are counted without listing their n-grams."""
    output = f"{around}{target}{around}"
    bleu, chrf = _bleu(tokenize, per_sample=False), _chrf()
    for metric, left, right in (
        (bleu, _ready(output, tokenize), _ready(target, tokenize)),
        (chrf, _ready(output), _ready(target)),
    ):
        [counts] = metric._extract_corpus_statistics([left], [[right]])
        assert _ngrams(metric, left, right) == counts
    score = _bleu(tokenize, per_sample=True).sentence_score(
        _ready(output, tokenize), [_ready(target, tokenize)]
    )
    found = scorers.get("bleu", tokenize=tokenize).score(output, target, {})
    assert found["sentence_bleu"] == min(score.score / 100, 1.0)


@pytest.mark.parametrize(
    ("output", "target"),
    [("", ""), (" ", ""), ("ab", "a b"), ("a b", "ab"), ("a", "b"), ("a a", "a"), ("(a)", "( a )")],
)
def test_texts_that_are_equal_to_one_metric_are_not_to_the_other(output, target):
    for metric in (_bleu("13a", per_sample=False), _chrf()):
        [counts] = metric._extract_corpus_statistics([output], [[target]])
        assert _ngrams(metric, output, target) == counts


@settings(deadline=None)
@given(texts, texts)
def test_every_overlap_is_symmetric_under_equality_and_bounded(output, target):
    for name in ("token_f1", "rouge_l", "bleu", "chrf"):
        scorer = scorers.get(name)
        scores = scorers.score_checked(scorer, output, target, {}, sample_id="q")
        assert all(0 <= value <= 1 for value in scores.values())


def test_macro_f1_equals_the_textbook():
    """Labels a, b with F1 6/7 and 0 by hand; sklearn gives the same over the targets' labels."""
    rows: Rows = [("a", "a", {})] * 3 + [("a", "b", {})]
    label = scorers.get("label", labels=["a", "b"])
    assert label.score_corpus("macro_f1", rows) == pytest.approx((6 / 7 + 0) / 2)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1))
def test_macro_f1_equals_sklearn(pairs):
    metrics = pytest.importorskip("sklearn.metrics", reason="compares with scikit-learn")
    outputs, targets = zip(*pairs, strict=True)
    reference = metrics.f1_score(
        targets, outputs, labels=sorted(set(targets)), average="macro", zero_division=0
    )
    rows: Rows = [(output, target, {}) for output, target in pairs]
    assert scorers.get("label").score_corpus("macro_f1", rows) == pytest.approx(reference)


def test_macro_f1_counts_an_answer_that_is_no_label_as_missed():
    label = scorers.get("label", labels=["spam", "mail"])
    rows: Rows = [("spam", "spam", {}), ("I think it is spam", "spam", {}), ("mail", "mail", {})]
    assert label.score_corpus("macro_f1", rows) == pytest.approx((2 / 3 + 1) / 2)
    assert label.score_corpus("macro_f1_lenient", rows) == pytest.approx(1)


def test_a_runaway_output_counts_as_empty_in_the_corpus():
    rows: Rows = [("the old bridges", "the old bridges", {})]
    bleu = scorers.get("chrf")
    runaway: Rows = [("x" * 300_000, "the old bridges", {})]
    empty: Rows = [("", "the old bridges", {})]
    assert bleu.score_corpus("chrf", [*rows, *runaway]) == bleu.score_corpus(
        "chrf", [*rows, *empty]
    )
