"""Margins with units, and gates that require something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalguard.config import ThresholdsConfig, load_yaml
from evalguard.demands import parse_margin
from evalguard.errors import ConfigError
from evalguard.records import Margin


@pytest.mark.parametrize(
    ("written", "margin"),
    [
        ("5pp", Margin(0.05, "pp")),
        ("5%", Margin(0.05, "%")),
        ("0.5pp", Margin(0.005, "pp")),
        (" 2.5 % ", Margin(0.025, "%")),
        (".5pp", Margin(0.005, "pp")),
        ("200%", Margin(2.0, "%")),
        ("0.2 nats", Margin(0.2, "nats")),
        ("2nats", Margin(2.0, "nats")),
    ],
)
def test_margins_are_read_with_their_unit(written, margin):
    assert parse_margin(written) == margin


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (5, "found 5 (integer), a margin without unit; write 5pp "),
        (0.05, "found 0.05 (number), a margin without unit; write 5pp "),
        ("5", "found '5' (text), which is not a margin; write 5pp "),
        ("5 marks", "which is not a margin"),
        ("-5pp", "which is not a margin"),
        ("0pp", "a margin is above 0 and below 100pp"),
        ("100pp", "a margin is above 0 and below 100pp"),
        ("0 nats", "a margin is above 0"),
        ("0%", "a margin is above 0"),
        (float("nan"), "which is not a margin"),
        (True, "which is not a margin"),
        (None, "which is not a margin"),
        ("", "which is not a margin"),
        ("1e1pp", "which is not a margin"),
    ],
)
def test_other_margins_are_refused(written, says):
    with pytest.raises(ValueError, match="margin") as caught:
        parse_margin(written)
    assert says in str(caught.value)


@given(st.integers(1, 9_999), st.sampled_from(["pp", "%", "nats"]))
def test_a_margin_is_read_back_as_it_is_shown(hundredths, unit):
    margin = Margin(float(f"{hundredths / 10_000:.12g}"), unit)
    assert parse_margin(str(margin)) == margin


def gates(tmp_path, *lines: str) -> ThresholdsConfig:
    path = tmp_path / "release.yaml"
    path.write_text("version: 1\ngates:\n" + "".join(f"  - {line}\n" for line in lines))
    return load_yaml(path, ThresholdsConfig)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["{suite: a, metric: b}"], "gates[0]: requires nothing; give max_drop"),
        (["{suite: a, metric: b, max_drop: 5pp, min_gain: 1pp}"], "exclude each other"),
        (["{suite: a, metric: b, min: 0.9, max: 0.1}"], "min 0.9 is above max 0.1"),
        (["{suite: a, metric: b, min: 95%}"], "gates[0].min: must be a number, found '95%'"),
        (["{suite: a, metric: b, min: .inf}"], "gates[0].min: must be a finite number"),
        (["{suite: a, metric: b, min: 0, role: gaurd}"], "Did you mean 'guard'?"),
        (["{suite: a, metric: b, max_drop: 5}"], "gates[0].max_drop: found 5 (integer)"),
        (["{suite: a, metric: b, max_drp: 5pp}"], "unknown key. Did you mean 'max_drop'?"),
        (["{suite: a, metric: b, demands: {min: 0}}"], "gates[0].demands: unknown key"),
        (["{suite: a, min: 0}"], "gates[0].metric: missing"),
        (["{suite: a, metric: b, min: 0}"] * 2, "gates[0] and gates[1] are both called 'a b'"),
        (
            ["{suite: a, metric: b, min: 0}", "{name: x, suite: a, metric: b, max: 1}"],
            "gates[0] and gates[1] are on the same metric",
        ),
    ],
)
def test_a_gate_that_makes_no_sense_is_refused(tmp_path, lines, says):
    with pytest.raises(ConfigError) as caught:
        gates(tmp_path, *lines)
    assert says in str(caught.value)
    assert len(caught.value.problems) == 1


def test_thresholds_without_gates_are_refused(tmp_path):
    (tmp_path / "release.yaml").write_text("version: 1\ngates: []\n")
    with pytest.raises(ConfigError, match="gates: must have at least 1 item"):
        load_yaml(tmp_path / "release.yaml", ThresholdsConfig)


def test_defaults_fail_closed(tmp_path):
    config = gates(tmp_path, "{suite: a, metric: b, max_drop: 5pp}")
    assert (config.confidence_level, config.on_inconclusive) == (0.95, "fail")
    assert config.gates[0].role == "guard"


def test_every_kind_of_requirement_loads(tmp_path):
    config = gates(
        tmp_path,
        "{name: no catastrophic forgetting, suite: general, metric: acc, max_drop: 5%}  # relative",
        "{name: the task got better, suite: tickets, metric: exact_match, min_gain: 2pp}",
        "{name: does not over-refuse, suite: safety-benign, metric: compliance, max_drop: 3pp}",
        "{name: JSON stays valid, suite: format, metric: json_valid, max_drop: 2pp, min: 0.95}",
        "{suite: drift, metric: kl, max: 0.1, role: tripwire, weights: equal}",
    )
    demands = [{one.key: one.value for one in gate.demands} for gate in config.gates]
    assert demands[:2] == [{"max_drop": Margin(0.05, "%")}, {"min_gain": Margin(0.02, "pp")}]
    assert demands[3:] == [{"max_drop": Margin(0.02, "pp"), "min": 0.95}, {"max": 0.1}]
    assert (config.gates[4].weights, config.gates[0].weights) == ("equal", None)
