"""How figures are written."""

from dataclasses import replace

import pytest

from evalguard import figures
from evalguard.records import CorrectedRates, GateResult, Verdict


@pytest.fixture(name="gate")
def fixture_gate() -> GateResult:
    return GateResult(
        name="general",
        suite="general",
        task="mmlu",
        metric="acc",
        model="v2",
        verdict=Verdict.FAIL,
        reason="",
        baseline=0.713,
        candidate=0.648,
        delta=-0.065,
        ci=(-0.0991, -0.0309),
        margin=0.03,
        n=300,
        n_planned=500,
        losses=1031,
        gains=4,
    )


def test_scores_between_0_and_1_read_as_percentages(gate):
    assert figures.score(gate, gate.candidate) == "64.8%"
    assert figures.difference(gate, gate.delta) == "−6.5 pp"
    assert figures.interval(gate) == "−9.9 … −3.1 pp"
    assert figures.margin(gate) == "−3.0 pp"


def test_other_scores_read_as_numbers(gate):
    nats = replace(gate, baseline=2.3149, candidate=2.4021, delta=-0.0872, percent=False)
    assert figures.score(nats, nats.baseline) == "2.315"
    assert figures.difference(nats, nats.delta) == "−0.0872"


def test_a_score_above_1_never_reads_as_a_percentage(gate):
    assert figures.score(replace(gate, baseline=31.4), 31.4) == "31.4"


def test_what_was_not_measured_is_a_dash(gate):
    nothing = replace(gate, baseline=None, delta=None, ci=None, margin=None, losses=None)
    shown = {
        figures.score(nothing, nothing.baseline),
        figures.difference(nothing, nothing.delta),
        figures.interval(nothing),
        figures.margin(nothing),
        figures.counts(nothing),
        figures.pvalue(None),
    }
    assert shown == {figures.NOTHING}


def test_a_required_gain_stands_right_of_zero(gate):
    assert figures.margin(replace(gate, margin=-0.02)) == "+2.0 pp"


def test_a_difference_that_rounds_to_zero_has_no_sign(gate):
    assert figures.difference(gate, -0.0001) == "0.0 pp"


def test_counts_and_samples(gate):
    assert figures.counts(gate) == "1,031 lost, 4 won"
    assert figures.samples(gate) == "300 of 500"
    assert figures.samples(replace(gate, n_planned=300)) == "300"


def test_subject_leaves_out_a_task_that_repeats_its_suite(gate):
    assert figures.subject(gate) == "general · mmlu · acc"
    assert figures.subject(replace(gate, task="general")) == "general · acc"


def test_corrected_rates_name_the_detector(gate):
    found = CorrectedRates(
        sensitivity=0.95,
        specificity=0.984,
        baseline=0.983,
        candidate=0.84,
        delta=-0.143,
        ci=(-0.201, -0.089),
        seen_delta=-0.13,
        seen_ci=(-0.19, -0.08),
        holds_up_to=0.018,
    )
    gate = replace(gate, baseline=0.97, candidate=0.84)
    assert figures.corrected(replace(gate, corrected=found)) == (
        "as scored 97.0% → 84.0%, change −13.0 pp (−19.0 … −8.0 pp); true rates about 98.3% → "
        "84.0%; sensitivity 95%, specificity 98%; holds while error rates differ by up to 1.8 pp "
        "between the models"
    )
    labels = replace(found, sensitivity=None, specificity=None, labelled=200, holds_up_to=None)
    assert figures.corrected(replace(gate, corrected=labels)).endswith(
        "84.0%; people labelled both answers to 200 questions drawn at random"
    )
    found = replace(found, holds_up_to=None)
    measured = replace(found, source="XSTest answers, n = 415", undetermined=(0.02, 0.155))
    assert figures.corrected(replace(gate, corrected=measured)).endswith(
        "specificity 98% (XSTest answers, n = 415); undetermined 2.0% → 15.5%"
    )
    assert figures.corrected(gate) == figures.NOTHING
