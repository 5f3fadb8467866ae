"""A gate is decided on what is true, not on what the judge or the rules saw."""

import dataclasses

import pytest

from evalguard.gates.compare import compare
from evalguard.gates.decide import decide
from evalguard.records import (
    DetectorRates,
    Gate,
    GateResult,
    Margin,
    Metric,
    Verdict,
    from_json,
    to_json,
)
from tests.gates.build import compared, gate, samples

JUDGE = Metric("acc", detector=DetectorRates(43, 50, 45, 50, own=True))
RULES = Metric("acc", detector=DetectorRates(43, 50, 45, 50))
N = 1200


def scores(lost: int, gained: int, n: int = N) -> tuple[list[float], list[float]]:
    """Return scores of which 700 are good, ``lost`` of them lost, and others gained."""
    kept = 700 - lost
    before = [1.0] * kept + [1.0] * lost + [0.0] * gained + [0.0] * (n - 700 - gained)
    after = [1.0] * kept + [0.0] * lost + [1.0] * gained + [0.0] * (n - 700 - gained)
    return before, after


def result(lost: int, gained: int, metric: Metric = JUDGE, of: Gate | None = None) -> GateResult:
    (found,) = decide([compared(*scores(lost, gained), metric=metric, of=of)])
    return found


def test_a_loss_that_the_judge_shrinks_below_the_margin_is_no_pass():
    """Seen −3.0 pp of 5 pp passes; the judge sees .73 of a difference, so truly −4.1 pp."""
    assert result(120, 84, Metric("acc")).verdict is Verdict.PASS
    found = result(120, 84)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.delta == pytest.approx(-0.03 / (44 / 52 + 46 / 52 - 1))
    assert found.method == "exact unconditional test, corrected"
    assert "change as scored −3.0 pp" in found.reason


def test_what_was_seen_stands_beside_it():
    plain, told = result(120, 84, Metric("acc")), result(120, 84)
    found = told.corrected
    assert found is not None
    assert plain.corrected is None
    assert (found.seen_delta, found.seen_ci) == (plain.delta, plain.ci)
    assert (found.delta, found.ci) == (told.delta, told.ci)
    assert (told.baseline, told.candidate) == (plain.baseline, plain.candidate)
    assert (told.losses, told.gains) == (120, 84)
    assert found.baseline == pytest.approx((700 / N + 46 / 52 - 1) / (44 / 52 + 46 / 52 - 1))
    assert from_json(GateResult, to_json(told)) == told


def test_verdict_and_interval_cannot_disagree():
    for lost in range(40, 260, 20):
        found = result(lost, 60)
        assert found.ci is not None
        assert (found.verdict is Verdict.PASS) == (found.ci[0] >= -0.05)
        assert (found.verdict is Verdict.FAIL) == (found.ci[1] <= -0.05)


def test_a_gain_that_only_the_rates_of_other_models_show_is_no_pass():
    wanted = gate(min_gain=Margin(0.1, "pp"))
    assert result(0, 135, JUDGE, wanted).verdict is Verdict.PASS
    assert result(0, 135, RULES, wanted).verdict is not Verdict.PASS


def test_rules_harden_a_tolerated_drop_as_a_judge_does():
    assert result(120, 84, RULES).p_pass == pytest.approx(result(120, 84, JUDGE).p_pass)


def test_a_bound_on_errors_that_differ_widens_the_interval_by_its_share():
    plain, wide = result(60, 60), result(60, 60, of=gate(error_difference=0.02))
    youden = 44 / 52 + 46 / 52 - 1
    assert plain.ci is not None
    assert wide.ci is not None
    assert wide.corrected is not None
    assert wide.delta == plain.delta
    assert plain.ci[0] - wide.ci[0] == pytest.approx(0.02 / youden, rel=0.2)
    assert wide.ci[1] - plain.ci[1] == pytest.approx(0.02 / youden, rel=0.2)
    assert wide.corrected.error_difference == 0.02


def test_a_pass_holds_up_to_some_difference_of_the_error_rates():
    held, lost = result(30, 60).corrected, result(120, 84).corrected
    assert held is not None
    assert lost is not None
    bound = held.holds_up_to
    assert bound is not None
    assert 0 < bound < 0.05
    assert result(30, 60, of=gate(error_difference=bound - 0.001)).verdict is Verdict.PASS
    assert result(30, 60, of=gate(error_difference=bound + 0.001)).verdict is not Verdict.PASS
    assert lost.holds_up_to is None


def test_a_bound_on_errors_of_which_nothing_is_known_is_an_error():
    found = result(10, 10, Metric("acc"), gate(error_difference=0.02))
    assert found.verdict is Verdict.ERROR
    assert "no such rates are known" in found.reason


def test_a_minimum_is_held_against_the_true_rate():
    """Seen 700 of 1,200 = .583, truly .64: at least .6 is shown, at least .62 is not."""
    rates = DetectorRates(4300, 5000, 4500, 5000, own=True)
    sure = Metric("acc", detector=rates)
    assert result(0, 0, sure, gate(min=0.6)).verdict is Verdict.PASS
    assert result(0, 0, sure, gate(min=0.63)).verdict is Verdict.INCONCLUSIVE
    assert result(0, 0, sure, gate(min=0.68)).verdict is Verdict.FAIL
    rules = dataclasses.replace(sure, detector=dataclasses.replace(rates, own=False))
    assert result(0, 0, rules, gate(min=0.6)).verdict is not Verdict.PASS


def test_a_baseline_that_only_false_alarms_lift_can_lose_nothing():
    """Seen .12 with a specificity of .885: truly nothing, and no candidate could fail."""
    before = [1.0] * 144 + [0.0] * (N - 144)
    (found,) = decide([compared(before, before, metric=JUDGE, of=gate())])
    assert found.verdict is Verdict.ERROR
    assert "no candidate could fail" in found.reason


def test_a_detector_no_better_than_a_coin_is_an_error():
    found = result(0, 0, Metric("acc", detector=DetectorRates(25, 50, 25, 50)))
    assert found.verdict is Verdict.ERROR
    assert "carries no information" in found.reason


class TestLabelsOfBothModels:
    """People's labels of drawn questions, on which the judge sees no loss."""

    @staticmethod
    def decided(drawn: int, losses: int = 0, lacking: int = 0, metric: Metric = JUDGE):
        def labels(before, after):
            index = int(before.sample_id)
            if index >= drawn:
                return None
            return 1.0, None if index < lacking else float(index >= losses)

        arms = samples([1.0] * N), samples([1.0] * N)
        made = compare(gate(), metric, *arms, model="v2", n_planned=N, labels=labels)
        return decide([made])[0]

    def test_enough_without_a_loss_pass(self):
        found = self.decided(200)
        assert found.verdict is Verdict.PASS
        assert found.method == "prediction-powered unit t test"
        assert found.corrected.labelled == 200
        assert found.corrected.sensitivity is None

    def test_losses_among_them_fail_whatever_the_judge_saw(self):
        found = self.decided(200, losses=40)
        assert found.verdict is Verdict.FAIL
        assert found.delta == pytest.approx(-0.2, abs=0.01)
        assert found.corrected.seen_delta == 0

    def test_few_cannot_have_met_a_rare_error(self):
        assert self.decided(50).verdict is Verdict.INCONCLUSIVE

    def test_less_than_ten_and_missing_ones_are_errors(self):
        assert self.decided(9).verdict is Verdict.ERROR
        assert self.decided(200, lacking=11).verdict is Verdict.ERROR

    def test_a_few_missing_count_against_a_pass(self):
        some, none = self.decided(200, lacking=5), self.decided(200)
        assert some.p_pass > none.p_pass

    def test_a_score_whose_error_rates_nobody_knows_can_be_corrected(self):
        assert self.decided(200, losses=40, metric=Metric("acc")).verdict is Verdict.FAIL
