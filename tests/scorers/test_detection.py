"""The rules for refusals and abstentions, against labelled examples and real text."""

import json
from collections import Counter
from collections.abc import Callable

import pytest

from benchmarks import abstention_fit, detectors, pyrit, xstest
from benchmarks.refusal_fit import fitted, own_examples, styled_examples, training_data
from benchmarks.unread import unread
from evalguard import scorers
from evalguard.records import DetectorRates
from evalguard.scorers import abstention_model
from evalguard.scorers.abstention import abstains, grounding
from evalguard.scorers.detection import examples, rates
from evalguard.scorers.refusal import Response, classify
from evalguard.scorers.refusal_model import shipped
from evalguard.scorers.sentences import plain_text, sentences
from tests.scorers.test_gsm8k import solutions


@pytest.mark.parametrize("detector", ["refusal", "abstention"])
def test_the_examples_are_enough_and_differ(detector):
    found = examples(detector)
    texts = [example.output for example in found]
    assert len(texts) == len(set(texts))
    assert len({example.category for example in found}) >= 10
    assert Counter(example.split for example in found).keys() == {"development", "held_out"}
    if detector == "refusal":
        assert len(found) >= 200
        assert min(Counter(example.label for example in found).values()) >= 100


@pytest.mark.parametrize(
    ("detector", "hits", "positives", "rejections", "negatives"),
    [
        ("refusal", 81, 81, 60, 60),
        ("abstention", 39, 39, 26, 26),
        ("abstention_mixed", 57, 66, 51, 52),
    ],
)
def test_measured_rates_are_those_of_the_docs(detector, hits, positives, rejections, negatives):
    found = rates(detector)
    assert (found.positives, found.negatives) == (positives, negatives)
    assert (found.hits, found.rejections) == (hits, rejections)


@pytest.mark.parametrize(
    ("metric", "positive", "negative"),
    [("abstention", "abstained", "answered"), ("answered", "answered", "abstained")],
)
def test_the_metrics_of_abstention_carry_the_rates_of_unread_answers(metric, positive, negative):
    found = scorers.metrics(metric)[0].detector
    said = Counter(
        (one.label, grounding(one.output).value == positive) for one in unread("abstention")
    )
    assert found == DetectorRates(
        hits=said[positive, True],
        positives=said[positive, True] + said[positive, False],
        rejections=said[negative, False],
        negatives=said[negative, True] + said[negative, False],
        source="examples of the project written after the rules, n = 283",
    )


def test_the_metrics_of_refusals_carry_the_rates_of_a_model_left_out():
    where, rated = xstest.folder(), pyrit.folder()
    if where is None or rated is None:
        pytest.skip("the folders xstest/ and pyrit/ are not here")
    found = detectors.left_out(where, rated, "mistralinstruct")
    for metric, positive, negative in (
        ("refusal", "refused", "answered"),
        ("compliance", "answered", "refused"),
    ):
        positives = sum(n for (label, _), n in found.items() if label == positive)
        negatives = sum(n for (label, _), n in found.items() if label == negative)
        assert scorers.metrics(metric)[0].detector == DetectorRates(
            hits=found[positive, positive],
            positives=positives,
            rejections=negatives - found[negative, positive],
            negatives=negatives,
            source="XSTest answers of Mistral 7B Instruct, weights fitted without it, n = 415",
        )


@pytest.mark.parametrize("model", xstest.UNSEEN)
def test_a_model_that_served_nothing_reaches_the_targets(model):
    where = xstest.folder()
    if where is None or model not in xstest.unseen(where):
        pytest.skip(f"the file xstest/{model}.csv is not here")
    (row,) = (
        one for one in detectors.xstest_rows(where)
        if one.where == f"XSTest, {xstest.NAMES[model]}: unseen" and one.detector == "refusal"
    )  # fmt: skip
    assert row.targets == detectors.TARGETS
    assert detectors.line(row)[1]


def test_the_weights_of_abstentions_are_those_of_the_fit():
    found, model = abstention_fit.fitted(abstention_fit.training_data()), abstention_model.shipped()
    assert found.signs == pytest.approx(model.signs, abs=0.05)
    assert found.words == pytest.approx(model.words, abs=0.05)


def test_what_counts_abstentions_served_no_fit():
    counted = {one.output for one in examples("abstention_mixed") if one.split == "held_out"}
    assert not counted & {one.output for one in abstention_fit.training_data()}


def test_the_weights_are_those_of_the_fit():
    where, rated = xstest.folder(), pyrit.folder()
    if where is None or rated is None:
        pytest.skip("the folders xstest/ and pyrit/ are not here")
    found, model = fitted(training_data(where), pyrit.harmful(rated)), shipped()
    assert found.summary == pytest.approx(model.summary, abs=0.05)
    assert found.signs == pytest.approx(model.signs, abs=0.05)
    for one in styled_examples():
        parts = sentences(plain_text(one.output))
        assert found.odds(parts) == pytest.approx(model.odds(parts), abs=0.2)


@pytest.mark.parametrize("detector", ["refusal", "abstention"])
def test_held_out_examples_do_about_as_well_as_those_tuned_on(detector):
    tuned, held_out = rates(detector, split="development"), rates(detector)
    assert tuned.sensitivity - held_out.sensitivity < 0.1
    assert tuned.specificity - held_out.specificity < 0.1


@pytest.mark.parametrize("detector", ["refusal", "abstention"])
def test_case_and_typography_change_no_decision(detector):
    detects: Callable[[str], object] = classify if detector == "refusal" else abstains
    for example in examples(detector):
        changed = example.output.replace("'", "’").upper()
        assert detects(changed) == detects(example.output), example.output


@pytest.mark.parametrize("every", [31, pytest.param(4, marks=pytest.mark.slow)])
def test_solutions_of_real_models_neither_refuse_nor_abstain(every):
    texts = solutions()[::every]
    assert not [text for text in texts if classify(text) is Response.REFUSED]
    assert not [text for text in texts if abstains(text)]


def test_what_the_embedded_model_says():
    assert classify("I can't help with that.") is Response.REFUSED
    assert abstains("The text does not say.")


@pytest.mark.parametrize("text", ["", "  ", "\n\t"])
def test_nothing_is_empty(text):
    assert classify(text) is Response.EMPTY
    assert not abstains(text)


def test_signs_without_words_are_no_language():
    assert classify("???") is Response.BROKEN


def test_a_refusal_after_the_beginning_belongs_to_the_text():
    story = "The road was long. It rained all day. Mara sang a song. The mill was dark. "
    assert classify(story + "I won't help you.") is Response.ANSWERED
    assert classify("I won't help you. " + story) is Response.REFUSED


def test_json_replies_are_read_as_their_text():
    reply = json.dumps({"answer": "I'm sorry, but I can't help with that.", "code": 3})
    assert classify(reply) is Response.REFUSED


def test_the_benchmark_leaves_out_what_is_not_there(tmp_path):
    assert xstest.folder(tmp_path) is None
    table = detectors.rows(tmp_path)
    assert {row.where.split(",")[0] for row in table} == {"own"}
    missed = {row.detector for row in table if not detectors.line(row)[1]}
    assert missed == {"abstention", "refusal"}  # the sets that nobody extended a rule with


def test_unread_answers_count_only():
    served = {one.output for which in abstention_fit.SETS for one in examples(which)}
    for own in (examples("refusal"), own_examples(), styled_examples()):
        served |= {one.output for one in own}
    for detector, label in (("refusal", "refused"), ("abstention", "abstained")):
        found = unread(detector)
        assert {one.label for one in found} == {label, "answered", "partial"}
        assert len({one.output for one in found} - served) == len(found)


def test_the_benchmark_tells_a_missed_target():
    found = {("refused", "refused"): 9, ("refused", "answered"): 1, ("answered", "answered"): 90}
    for least, reached in ((0.9, True), (0.91, False)):
        row = detectors.Row("refusal", "a set", found, (least, 0.9, 0.1))
        text, fine = detectors.line(row)
        assert fine is reached
        assert ("MISSED" in text) is not reached
        assert "9/10 = 90.0% (55.5–99.7)" in text
