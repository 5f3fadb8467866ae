"""Units of margins: each fits one kind of scale, and an error says which form is right."""

import pytest

from evalguard.demands.registry import check_gate
from evalguard.errors import ConfigError
from evalguard.gates.decide import decide
from evalguard.records import Gate, Margin, Metric, ScoreKind, Verdict
from tests.gates.build import compared, gate

ACCURACY = Metric("acc")
BLEU = Metric("bleu", ScoreKind.CORPUS, 0, 100)
RATING = Metric("rating", ScoreKind.BOUNDED, 1, 5)
GAP = Metric("gap", ScoreKind.BOUNDED, -1, 1)
TOKENS = Metric("tokens", ScoreKind.BOUNDED, 0, 2048, higher_is_better=False)
NATS = Metric("nats_per_token", ScoreKind.BOUNDED, 0, 20, False, clip=1.0, in_nats=True)
KL = Metric("token_kl", ScoreKind.BOUNDED, 0, 2, False, in_nats=True)
PREFERRED = Metric("preferred", ScoreKind.BOUNDED, span=0.5)


def problem(metric, key, value, unit):
    """Return what is wrong with a demand; empty where nothing is."""
    gate = Gate(name="g", suite="s", metric=metric.name, source="release.yaml",
                demands={key: Margin(value, unit)})  # fmt: skip
    try:
        check_gate(gate, metric)
    except ConfigError as error:
        return str(error).partition(f"release.yaml: g.{key}: ")[2]
    return ""


@pytest.mark.parametrize(
    ("metric", "value", "unit"),
    [
        (ACCURACY, 0.05, "pp"),
        (GAP, 0.05, "pp"),
        (PREFERRED, 0.1, "pp"),
        (BLEU, 2, "points"),
        (RATING, 0.5, "points"),
        (TOKENS, 50, "points"),
        (NATS, 0.2, "nats"),
        (KL, 0.2, "nats"),
        (ACCURACY, 0.05, "%"),
        (BLEU, 0.05, "%"),
        (NATS, 0.05, "%"),
    ],
)
def test_the_unit_of_a_scale_is_accepted(metric, value, unit):
    for key in ("max_drop", "min_gain"):
        assert not problem(metric, key, value, unit)


@pytest.mark.parametrize(
    ("metric", "value", "unit", "right"),
    [
        (BLEU, 0.05, "pp", "5pp, but bleu ranges from 0 to 100; write 5 points"),
        (RATING, 0.005, "pp", "0.5pp, but rating ranges from 1 to 5; write 0.5 points"),
        (RATING, 0.05, "pp", "5pp, but rating ranges from 1 to 5; write the margin in points"),
        (TOKENS, 0.05, "pp", "5pp, but tokens ranges from 0 to 2048; write 5 points"),
        (ACCURACY, 5, "points", "5 points, but acc ranges from 0 to 1; write 5pp"),
        (ACCURACY, 0.05, "points", "0.05 points, but acc ranges from 0 to 1; write 5pp"),
        (GAP, 5, "points", "5 points, but gap ranges from -1 to 1; write 5pp"),
        (ACCURACY, 0.2, "nats", "0.2 nats, but acc ranges from 0 to 1; write 20pp"),
        (NATS, 0.002, "pp", "0.2pp, but nats_per_token is in nats; write 0.2 nats"),
        (NATS, 0.05, "pp", "5pp, but nats_per_token is in nats; write the margin in nats"),
        (KL, 0.5, "points", "0.5 points, but token_kl is in nats; write 0.5 nats"),
    ],
)
def test_another_unit_is_an_error_with_the_right_form(metric, value, unit, right):
    for key in ("max_drop", "min_gain"):
        assert right in problem(metric, key, value, unit)


@pytest.mark.parametrize(
    ("metric", "value", "unit", "says"),
    [
        (ACCURACY, 1.0, "pp", "differences of acc count up to 100pp"),
        (BLEU, 100, "points", "count up to 100 points"),
        (RATING, 4, "points", "count up to 4 points"),
        (GAP, 2.0, "pp", "count up to 200pp"),
        (NATS, 1.0, "nats", "count up to 1 nats"),
        (PREFERRED, 0.5, "pp", "count up to 50pp"),
        (PREFERRED, 0.05, "%", "is fixed; give the margin in pp"),
        (GAP, 0.05, "%", "may be negative"),
        (ACCURACY, float("nan"), "pp", "above 0"),
        (ACCURACY, -0.1, "%", "above 0"),
        (ACCURACY, float("inf"), "%", "above 0"),
    ],
)
def test_a_margin_that_decides_nothing_is_an_error(metric, value, unit, says):
    for key in ("max_drop", "min_gain"):
        assert says in problem(metric, key, value, unit)


def test_a_gain_may_be_more_than_all_that_the_baseline_scores():
    assert not problem(ACCURACY, "min_gain", 2.0, "%")
    assert "no candidate can lose all" in problem(ACCURACY, "max_drop", 1.0, "%")


@pytest.mark.parametrize(
    ("low", "high", "demands"),
    [
        (0, 100, {"max_drop": Margin(5, "points")}),
        (-1, 1, {"max_drop": Margin(0.09, "pp")}),
        (0, 0.5, {"max_drop": Margin(0.02, "pp")}),
        (1, 2, {"min": 1.96}),
        (0, 100, {"max_drop": Margin(0.04, "%")}),
    ],
)
def test_two_values_other_than_0_and_1_are_measured_on_their_own_scale(low, high, demands):
    metric = Metric("acc", ScoreKind.BINARY, low, high)

    def verdict(lost):
        scores = [low] * lost + [high] * (600 - lost)
        (result,) = decide([compared([high] * 600, scores, of=gate(**demands), metric=metric)])
        assert result.delta == pytest.approx(-lost / 600 * (high - low))
        return result.verdict

    assert verdict(0) is Verdict.PASS
    assert verdict(30) is not Verdict.PASS
    assert verdict(600) is Verdict.FAIL


@pytest.mark.parametrize(
    ("higher_is_better", "demand", "valid"),
    [
        (True, {"max_drop": Margin(2, "%")}, False),
        (False, {"max_drop": Margin(2, "%")}, True),
        (True, {"min_gain": Margin(2, "%")}, True),
        (False, {"min_gain": Margin(2, "%")}, False),
    ],
)
def test_a_mean_may_more_than_double_but_not_fall_below_0(higher_is_better, demand, valid):
    metric = Metric("acc", higher_is_better=higher_is_better)
    of = gate(**demand)
    if valid:
        check_gate(of, metric)
        return
    with pytest.raises(ConfigError, match="give less than 100%"):
        check_gate(of, metric)
