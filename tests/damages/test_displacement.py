"""Chosen and rejected answers that both become less likely."""

import json
from dataclasses import asdict, replace

import pytest

from evalguard.damages.displacement import displacement, displacements
from evalguard.gates.diagnose import diagnose
from evalguard.records import (
    GateResult,
    LossPoint,
    RowCounts,
    Severity,
    StageRecord,
    TrainingRecord,
    Verdict,
    from_json,
    to_json,
)
from tests.reports import examples

STEPS = 20


def points(chosen, rejected, *, reward_beta=0.1, noise=0.0, held_out=False):
    """Return steps that move the log-probabilities evenly between two values."""
    found = []
    for step in range(STEPS + 1):
        share = step / STEPS
        wobble = noise * (-1) ** step
        low, high = chosen, rejected
        now = [one[0] + share * (one[1] - one[0]) + wobble for one in (low, high)]
        gained = [reward_beta * share * (one[1] - one[0]) for one in (low, high)]
        losses = {"eval_loss": 0.5} if held_out else {"loss": 0.5}
        found.append(
            LossPoint(
                step=step + 1,
                epoch=share,
                chosen_logps=now[0],
                rejected_logps=now[1],
                chosen_reward=gained[0],
                rejected_reward=gained[1],
                margin=gained[0] - gained[1],
                accuracy=1.0,
                **losses,
            )
        )
    return found


@pytest.mark.parametrize("method", ["dpo", "kto", "cpo"])
def test_both_falling_is_found_with_its_figures(method):
    found = displacement(points((-40, -60), (-40, -90)), method, 0.1)
    assert found is not None
    assert found.chosen[0] == pytest.approx(-40, abs=3)
    assert found.chosen[1] == pytest.approx(-60, abs=3)
    assert "lowered the chosen answers' log-probability too" in str(found)


@pytest.mark.parametrize("method", ["orpo", "simpo"])
def test_means_over_tokens_have_a_scale_of_their_own(method):
    assert "nats per token" in str(displacement(points((-1.0, -1.4), (-1.0, -2.5)), method, 2.0))
    assert displacement(points((-1.0, -1.4), (-1.0, -2.5)), method, 2.0) is not None
    assert displacement(points((-1.0, -1.05), (-1.0, -2.5)), method, 2.0) is None


def test_the_loss_decides_whether_values_are_means_over_tokens():
    fallen = points((-1.0, -1.4), (-1.0, -2.5))
    assert displacement(fallen, "cpo", 0.1, "ipo") is not None
    assert displacement(fallen, "cpo", 0.1, "sigmoid") is None
    assert displacement(fallen, "dpo", 0.1, "ipo") is None  # TRL logs sums there


@pytest.mark.parametrize(
    ("chosen", "rejected"),
    [
        ((-40, -38), (-40, -90)),  # chosen answers gained
        ((-40, -42), (-40, -90)),  # they fell by less than a tenth
        ((-40, -60), (-40, -50)),  # and the rejected ones less: the margin shrank
        ((-5, -5.8), (-5, -30)),  # less than a nat
    ],
)
def test_ordinary_runs_show_nothing(chosen, rejected):
    assert displacement(points(chosen, rejected), "dpo", 0.1) is None


def test_noise_of_other_rows_is_no_fall():
    """Without a reference the rows of the steps differ."""
    moved = points((-40, -45), (-40, -60), noise=30)
    assert displacement(moved, "cpo", 0.1) is None
    assert displacement(points((-40, -45), (-40, -60)), "cpo", 0.1) is not None


def test_the_change_from_the_reference_does_not_depend_on_which_rows_came_last():
    moved = points((-40, -60), (-40, -90))
    longer = [replace(p, chosen_logps=p.chosen_logps - 500) for p in moved[-4:]]
    found = displacement([*moved[:-4], *longer], "dpo", 0.1)
    assert found is None or found.chosen[0] - found.chosen[1] == pytest.approx(18, abs=3)
    held_out = displacement([*moved, *points((-30, -50), (-30, -80), held_out=True)], "dpo", 0.1)
    assert held_out is not None
    assert held_out.held_out
    assert held_out.chosen == pytest.approx((-30, -50))


def record(*curves, methods=("dpo",)) -> TrainingRecord:
    stages, curve, done = [], [], 0
    for method, one in zip(methods, curves, strict=True):
        curve += [replace(point, step=point.step + done) for point in one]
        stages.append(
            StageRecord(
                method=method,
                train=RowCounts(40, 40),
                first_step=done + 1,
                last_step=done + len(one),
            )
        )
        done += len(one)
    config = {"preference": {"beta": 0.1}, "then": {"preference": {"beta": 0.1}}}
    base = examples.training_record()
    return replace(base, curve=tuple(curve), stages=tuple(stages), config=config)


def gate(verdict) -> GateResult:
    return GateResult(
        name="facts", suite="s", metric="m", model="a", verdict=verdict, reason="", baseline=0.9,
        candidate=0.9, delta=0.0, ci=(-0.01, 0.01), n=100,
    )  # fmt: skip


def test_only_the_stage_that_displaced_is_named():
    sft = [LossPoint(step=step, epoch=0.1, loss=1.0) for step in range(1, 5)]
    found = list(displacements(record(sft, points((-40, -60), (-40, -90)), methods=("sft", "dpo"))))
    assert [one.method for one in found] == ["dpo"]


@pytest.mark.parametrize(
    ("verdict", "severity", "codes"),
    [
        (Verdict.PASS, Severity.NONE, ["healthy", "likelihood_displacement"]),
        (Verdict.FAIL, Severity.MILD, ["unexplained", "likelihood_displacement"]),
        (Verdict.INCONCLUSIVE, Severity.NONE, ["likelihood_displacement"]),
    ],
)
def test_the_diagnosis_names_it_whatever_the_gates_say(verdict, severity, codes):
    training = {"a": record(points((-40, -60), (-40, -90)))}
    findings = diagnose([gate(verdict)], training=training).findings
    assert [finding.code for finding in findings] == codes
    assert findings[-1].severity is severity
    assert "from -40 to -58.5 nats per answer" in findings[-1].explanation
    assert "arXiv:2410.08847" in findings[-1].cause


def test_records_of_older_versions_load_and_show_nothing():
    plain = to_json(record(points((-40, -60), (-40, -90))))
    new = ("stages", "warnings")
    kept = set(asdict(LossPoint(step=1, epoch=0.1))) & {
        "step", "epoch", "loss", "eval_loss", "learning_rate", "grad_norm"
    }  # fmt: skip
    old = {key: value for key, value in plain.items() if key not in new}
    old["curve"] = [{k: v for k, v in point.items() if k in kept} for point in plain["curve"]]
    loaded = from_json(TrainingRecord, json.loads(json.dumps(old)))
    assert loaded.stages == ()
    assert list(displacements(loaded)) == []
