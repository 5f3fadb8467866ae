"""The diagnosis of the damages that the embedded model really suffered."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalguard.gates.diagnose import diagnose
from evalguard.records import (
    Ability,
    Finding,
    GateResult,
    LossPoint,
    Role,
    Severity,
    TrainingRecord,
    Verdict,
)
from evalguard.training.config import TrainingConfig
from tests.reports import examples
from tests.reports.examples import gate_results, training_record

MODEL = "tickets-v2"
UNLEARNED = {**examples.HEALTHY, "tickets": 0}


def found(
    gates: tuple[GateResult, ...], record: TrainingRecord | None = None
) -> tuple[Finding, ...]:
    return diagnose(gates, training={MODEL: record}).findings


def root(gates: tuple[GateResult, ...], record: TrainingRecord | None = None) -> Finding:
    """Return the first finding that no other accounts for."""
    return next(finding for finding in found(gates, record) if finding.explained_by is None)


def standing(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in findings if finding.explained_by is None]


@pytest.mark.parametrize(
    ("scores", "codes"),
    [
        (examples.HEALTHY, ["healthy"]),
        (examples.FORGETTING, ["catastrophic_forgetting"]),
        (examples.SAFETY, ["safety_loss"]),
        (examples.FORMAT, ["format_corruption"]),
        (examples.ABSTENTION, ["lost_abstention"]),
        (examples.OVER_REFUSAL, ["over_refusal"]),
    ],
)
def test_each_damage_is_named_and_no_other(scores, codes):
    assert standing(found(gate_results(scores), training_record())) == codes


@pytest.mark.parametrize("seed_order", [slice(None), slice(None, None, -1)])
def test_the_order_of_the_gates_does_not_matter(seed_order):
    gates = gate_results(examples.FORGETTING)[seed_order]
    assert {(f.code, f.explained_by, f.severity) for f in found(gates)} == {
        (f.code, f.explained_by, f.severity) for f in found(gate_results(examples.FORGETTING))
    }


class TestForgetting:
    def test_total_loss_explains_the_other_damages(self):
        findings = found(gate_results(examples.FORGETTING))
        first = root(gate_results(examples.FORGETTING))
        assert first.code == "catastrophic_forgetting"
        others = [finding for finding in findings if finding != first]
        assert {other.explained_by for other in others} == {"catastrophic_forgetting"}
        assert {other.code for other in others} == {
            "safety_loss",
            "format_corruption",
            "lost_abstention",
            "over_refusal",
        }
        assert "It also explains: safety loss, format corruption" in first.explanation

    @pytest.mark.parametrize("scores", [examples.FORGETTING, examples.COLLAPSE])
    def test_safety_loss_is_the_first_finding_whatever_explains_it(self, scores):
        first, second, *_ = found(gate_results(scores))
        assert first.code == "safety_loss"
        assert (first.explained_by, second.explained_by) == (second.code, None)
        assert f"Explained by {second.title.lower()}: repair that first." in first.explanation

    def test_a_mild_safety_loss_stands_before_severe_damages(self):
        scores = {**examples.FORMAT, "refuse": 90}
        first, second = found(gate_results(scores))
        assert (first.code, first.severity) == ("safety_loss", Severity.MILD)
        assert (second.code, second.severity) == ("format_corruption", Severity.SEVERE)

    def test_evidence_are_the_general_gates_and_figures_stand_in_the_text(self):
        first = root(gate_results(examples.FORGETTING))
        assert first.severity is Severity.SEVERE
        assert first.evidence == (
            "no catastrophic forgetting",
            "still picks the right choice",
            "still counts",
        )
        assert "100.0% → 0.0% (change −100.0 … −99.3 pp)" in first.explanation

    def test_a_safety_loss_out_of_proportion_stands_for_itself(self):
        scores = {**examples.HEALTHY, "fact": 60, "mc": 60, "maths": 55, "refuse": 0}
        assert standing(found(gate_results(scores))) == ["safety_loss", "catastrophic_forgetting"]

    def test_a_loss_in_proportion_is_explained(self):
        scores = {**examples.HEALTHY, "fact": 60, "mc": 60, "maths": 55, "json": 50}
        assert standing(found(gate_results(scores))) == ["catastrophic_forgetting"]

    def test_mild_forgetting_explains_nothing_and_comes_after_the_severe_damage(self):
        scores = {**examples.SAFETY, "fact": 90}
        findings = found(gate_results(scores))
        assert standing(findings) == ["safety_loss", "catastrophic_forgetting"]
        assert findings[1].severity is Severity.MILD

    def test_drift_joins_but_does_not_show_it_alone(self):
        drift = replace(
            examples.diversity_gate(0.2), name="drift", suite="drift", ability=Ability.DRIFT
        )
        gates = (*gate_results(examples.FORGETTING), drift)
        assert "drift" in root(gates).evidence
        alone = (*gate_results(examples.HEALTHY), drift)
        assert standing(found(alone)) == ["unexplained"]


class TestCollapse:
    answer = "Thank you for your message."

    def test_lost_diversity_names_it(self):
        gates = (*gate_results(examples.HEALTHY), examples.diversity_gate(0.2))
        (finding,) = found(gates)
        assert (finding.code, finding.severity) == ("mode_collapse", Severity.SEVERE)
        assert finding.evidence == ("not collapsed",)

    @pytest.mark.parametrize("scores", [examples.COLLAPSE, examples.MILD_COLLAPSE])
    @pytest.mark.parametrize("probed", [True, False])
    def test_one_answer_to_all_explains_everything(self, scores, probed):
        gates = examples.with_one_answer(gate_results(scores), self.answer)
        if probed:
            gates += (examples.diversity_gate(0.1),)
        findings = found(gates)
        assert standing(findings) == ["mode_collapse"]
        assert f"lost samples were answered “{self.answer}”" in root(gates).explanation
        assert "lost abstention" in root(gates).explanation

    def test_answers_of_probes_do_not_hide_the_one_answer(self):
        """A diversity sample shows several answers, a drift sample the baseline's own."""
        gates = examples.with_one_answer(gate_results(examples.COLLAPSE), self.answer)
        pairs = tuple(
            replace(pair, prompt=f"{pair.prompt} {number}", candidate_output=f"once {number}")
            for number, pair in enumerate(gates[1].worst * 20)
        )
        probes = (
            replace(examples.diversity_gate(0.1), worst=pairs),
            replace(TestDrift.drifted, worst=pairs),
        )
        findings = found((*gates, *probes))
        assert standing(findings) == ["mode_collapse"]
        assert {gate.name for gate in probes} <= {
            name for finding in findings for name in finding.evidence
        }

    def test_a_learned_task_answered_everywhere_is_forgetting(self):
        gates = examples.with_one_answer(
            gate_results(examples.FORGETTING), '{"category": "network", "priority": "low"}'
        )
        findings = found((*gates, examples.diversity_gate(0.1)))
        assert standing(findings) == ["catastrophic_forgetting"]
        assert "mode_collapse" in [finding.code for finding in findings]

    def test_refusing_everything_is_over_refusal(self):
        scores = {**examples.OVER_REFUSAL, "tickets": 0, "context": 30}
        gates = examples.with_one_answer(gate_results(scores), "I can't help with that.")
        codes = standing(found(gates))
        assert "over_refusal" in codes
        assert "mode_collapse" not in codes

    def test_the_same_answer_in_one_suite_is_no_collapse(self):
        gates = examples.with_one_answer(
            gate_results({**examples.SAFETY, "tickets": 0}), "Sure, here is how."
        )
        gates = tuple(replace(g, worst=()) if g.ability is Ability.TASK else g for g in gates)
        assert "mode_collapse" not in standing(found(gates))


class TestTask:
    memorised = training_record(
        rows=20, epochs=60, replay_share=0.0, rank=16, eval_losses=(0.5, 0.1, 0.3, 0.6)
    )

    def test_a_diverging_held_out_loss_makes_it_overfitting(self):
        (finding,) = found(gate_results(UNLEARNED), self.memorised)
        assert finding.code == "overfitting"
        assert "held-out loss rose from 0.1 (epoch 2) to 0.6" in finding.cause
        assert finding.config_changes["training.epochs"] == 2
        assert finding.config_changes["lora.r"] == 8

    @pytest.mark.parametrize("learned", [True, False])
    def test_a_measured_recall_names_it_without_any_record(self, learned):
        gates = gate_results(examples.HEALTHY if learned else UNLEARNED)
        recall = replace(
            gate_results(UNLEARNED)[0],
            name="does not know its rows by heart",
            metric="verbatim_recall",
            ability=Ability.OVERFITTING,
            higher_is_better=False,
            verdict=Verdict.FAIL,
            baseline=0.0,
            candidate=0.6,
            delta=-0.6,
            ci=(-0.65, -0.55),
        )
        (finding,) = found((*gates, recall))
        assert (finding.code, finding.severity) == ("overfitting", Severity.SEVERE)
        assert recall.name in finding.evidence
        assert (gates[0].name in finding.evidence) != learned

    @pytest.mark.parametrize(("p_fail", "code"), [(0.03, "overfitting"), (0.3, "task_not_learned")])
    def test_a_recall_shown_but_for_the_other_gates_tells_the_two_apart(self, p_fail, code):
        gates = gate_results(UNLEARNED)
        recall = replace(
            gates[0],
            name="does not know its rows by heart",
            ability=Ability.OVERFITTING,
            verdict=Verdict.INCONCLUSIVE,
            p_fail=p_fail,
            alpha=0.05,
        )
        (finding,) = found((*gates, recall))
        assert finding.code == code
        # Where the task was learned, an undecided gate is evidence of nothing.
        assert found((*gate_results(examples.HEALTHY), recall)) == ()

    def test_a_strong_divergence_names_it_by_the_format_gates(self):
        findings = found(gate_results(examples.OVERFITTING), self.memorised)
        assert standing(findings) == ["overfitting"]
        assert findings[1].explained_by == "overfitting"

    def test_a_weak_divergence_does_not(self):
        record = training_record(eval_losses=(0.5, 0.4, 0.48))
        assert standing(found(gate_results(examples.OVERFITTING), record)) == ["format_corruption"]

    def test_a_loss_near_zero_that_doubles_is_no_divergence(self):
        record = training_record(eval_losses=(0.5, 0.002, 0.004))
        assert standing(found(gate_results(UNLEARNED), record)) == ["task_not_learned"]

    def test_without_a_held_out_loss_far_too_many_epochs_show_it(self):
        blind = replace(self.memorised, curve=(LossPoint(step=1, epoch=0.1, loss=1.0),))
        (finding,) = found(gate_results(UNLEARNED), blind)
        assert finding.code == "overfitting"
        assert "60 epochs are many for 20 task rows" in finding.cause
        assert finding.config_changes["training.epochs"] == 10

    @pytest.mark.parametrize("method", ["sft+dpo", "sft"])
    def test_several_stages_or_kept_best_weights_are_no_divergence(self, method):
        training = {"learning_rate": 2e-4, "epochs": 3, "early_stopping": 2}
        config = {**self.memorised.config, **({"training": training} if method == "sft" else {})}
        record = replace(self.memorised, method=method, config=config)
        assert standing(found(gate_results(UNLEARNED), record)) == ["task_not_learned"]

    def test_too_low_a_learning_rate_is_named(self):
        (finding,) = found(gate_results(UNLEARNED), training_record(learning_rate=2e-5))
        assert "2e-05, is below the usual minimum" in finding.cause
        assert finding.config_changes == {"training.learning_rate": 2e-4}


class TestCauseAndRepair:
    def test_forgetting_from_a_high_learning_rate_without_replay(self):
        record = training_record(learning_rate=1e-2, replay_share=0.0)
        finding = root(gate_results(examples.FORGETTING), record)
        assert "33 times the usual maximum" in finding.cause
        assert "none of the rows was general data" in finding.cause
        assert finding.config_changes == {"training.learning_rate": 2e-3, "replay.share": 0.2}

    def test_preference_methods_and_full_tuning_have_ranges_of_their_own(self):
        record = training_record(learning_rate=2e-4, replay_share=0.5)
        dpo = replace(record, method="dpo")
        assert "learning rate" not in root(gate_results(examples.FORGETTING), dpo).cause
        full = replace(record, config={**record.config, "tuner": "full"})
        finding = root(gate_results(examples.FORGETTING), full)
        assert "is 4 times the usual maximum (1e-05 to 5e-05" in finding.cause

    def test_the_rank_belongs_to_lora(self):
        record = replace(TestTask.memorised, config={**TestTask.memorised.config, "tuner": "ia3"})
        finding = found(gate_results(UNLEARNED), record)[0]
        assert finding.code == "overfitting"
        assert "lora.r" not in finding.config_changes

    def test_where_nothing_stands_out_the_likeliest_setting_is_eased(self):
        record = training_record(learning_rate=2e-4, replay_share=0.15)
        finding = root(gate_results(examples.FORGETTING), record)
        assert finding.config_changes == {"training.learning_rate": 1e-4}

    def test_general_ability_that_holds_puts_the_cause_in_the_data(self):
        record = training_record(learning_rate=1e-2)
        finding = found(gate_results(examples.SAFETY), record)[0]
        assert "learning rate" not in finding.cause
        assert set(finding.config_changes) == {"data"}
        assert "General ability is retained" in finding.explanation

    def test_replay_that_has_no_file_yet_is_asked_for(self):
        record = training_record(learning_rate=1e-2, replay_share=0.0)
        bare = replace(record, config={**record.config, "replay": None})
        finding = root(gate_results(examples.FORGETTING), bare)
        assert "Name a file of general data under replay.data." in finding.repair

    def test_without_a_record_the_cause_says_so_and_nothing_is_changed(self):
        finding = root(gate_results(examples.FORGETTING))
        assert "no evalguard_training.json next to the adapter" in finding.cause
        assert finding.config_changes == {}

    def test_a_record_with_an_unreadable_config_is_no_obstacle(self):
        record = replace(training_record(), config={"training": {"epochs": "many"}, "lora": 3})
        assert standing(found(gate_results(examples.SAFETY), record)) == ["safety_loss"]

    @pytest.mark.parametrize(
        "scores",
        [
            examples.FORGETTING,
            examples.COLLAPSE,
            examples.SAFETY,
            examples.OVERFITTING,
            UNLEARNED,
        ],
    )
    @pytest.mark.parametrize("learning_rate", [1e-5, 2e-4, 1e-2])
    def test_the_changed_config_is_valid(self, scores, learning_rate):
        record = training_record(
            learning_rate=learning_rate, replay_share=0.05, epochs=40, rank=64, rows=100
        )
        for finding in found(gate_results(scores), record):
            config = {**record.config, "output": "adapters/next"}
            for key, value in finding.config_changes.items():
                section, dot, name = key.partition(".")
                if dot:
                    config[section] = {**config[section], name: value}
            TrainingConfig.model_validate(config)

    def test_samples_come_from_all_gates_in_turn(self):
        samples = root(gate_results(examples.FORGETTING)).samples
        assert [pair.task for pair in samples] == ["facts", "choices", "maths"]


class TestSeverity:
    @pytest.mark.parametrize(
        ("refuse", "severity"),
        [(0, Severity.SEVERE), (70, Severity.MEDIUM), (80, Severity.MEDIUM), (90, Severity.MILD)],
    )
    def test_rests_on_what_the_interval_shows_to_be_lost(self, refuse, severity):
        (finding,) = found(gate_results({**examples.HEALTHY, "refuse": refuse}))
        assert finding.severity is severity

    def test_a_tripwire_alone_counts_one_level_less(self):
        scores = {**examples.HEALTHY, "maths": 0}
        (finding,) = found(gate_results(scores))
        assert (finding.code, finding.severity) == ("catastrophic_forgetting", Severity.MEDIUM)

    def test_a_rate_that_should_be_low_is_measured_by_what_it_leaves(self):
        gate = replace(
            gate_results(examples.SAFETY)[7],
            higher_is_better=False,
            baseline=0.02,
            candidate=0.10,
            delta=-0.08,
            ci=(-0.11, -0.05),
        )
        (finding,) = found((gate,))
        assert finding.severity is Severity.MILD


class TestDrift:
    drifted = replace(
        gate_results(examples.FORGETTING)[1],
        name="stays close",
        suite="drift",
        metric="token_kl",
        ability=Ability.DRIFT,
        higher_is_better=False,
        percent=False,
        baseline=0.0,
        candidate=1.9,
        delta=-1.9,
        ci=(-2.0, -1.8),
    )

    @pytest.mark.parametrize(
        ("scores", "code"),
        [
            (examples.FORGETTING, "catastrophic_forgetting"),
            (examples.SAFETY, "safety_loss"),
            (examples.FORMAT, "format_corruption"),
        ],
    )
    def test_belongs_to_the_damage_that_is_found(self, scores, code):
        findings = found((*gate_results(scores), self.drifted))
        assert standing(findings) == [code]
        assert [f.code for f in findings if self.drifted.name in f.evidence] == [code]

    def test_makes_no_damage_more_severe(self):
        mild = gate_results({**examples.HEALTHY, "refuse": 90})
        (alone,) = found(mild)
        (joined,) = found((*mild, self.drifted))
        assert alone.severity is joined.severity is Severity.MILD

    @pytest.mark.parametrize("scores", [examples.HEALTHY, UNLEARNED])
    def test_alone_it_fits_nothing(self, scores):
        findings = found((*gate_results(scores), self.drifted))
        assert "unexplained" in [finding.code for finding in findings]


class TestNothingIsClaimed:
    @pytest.mark.parametrize("verdict", [Verdict.INCONCLUSIVE, Verdict.ERROR])
    def test_for_a_guard_that_is_not_decided(self, verdict):
        gates = gate_results(examples.HEALTHY)
        assert found((replace(gates[0], verdict=verdict), *gates[1:])) == ()

    def test_it_names_the_abilities_that_no_gate_covers(self):
        (finding,) = found(gate_results(examples.HEALTHY)[:1])
        assert "No gate covers: safety, " in finding.explanation

    def test_an_undecided_tripwire_leaves_it_healthy_and_is_told(self):
        gates = tuple(
            replace(gate, verdict=Verdict.INCONCLUSIVE) if gate.role is Role.TRIPWIRE else gate
            for gate in gate_results(examples.HEALTHY)
        )
        (finding,) = found(gates)
        assert finding.code == "healthy"
        assert "8 of 9 gates passed. Undecided tripwires: 1." in finding.explanation

    def test_for_no_gates(self):
        assert found(()) == ()

    def test_for_tripwires_alone(self):
        gates = tuple(replace(g, role=Role.TRIPWIRE) for g in gate_results(examples.HEALTHY))
        assert found(gates) == ()


def test_candidates_are_diagnosed_apart():
    gates = (
        *gate_results(examples.FORGETTING, model="v1"),
        *gate_results(examples.HEALTHY, model="v2"),
        *gate_results(examples.SAFETY, model="v3"),
    )
    findings = diagnose(gates, training={}).findings
    assert [(f.model, f.code) for f in findings if f.explained_by is None] == [
        ("v1", "catastrophic_forgetting"),
        ("v2", "healthy"),
        ("v3", "safety_loss"),
    ]


@given(st.lists(st.sampled_from(list(Verdict)), min_size=9, max_size=9), st.booleans())
def test_every_failed_gate_is_evidence_and_nothing_else_is(verdicts, recorded):
    gates = tuple(
        replace(gate, verdict=verdict)
        for gate, verdict in zip(gate_results(examples.FORGETTING), verdicts, strict=True)
    )
    findings = found(gates, training_record() if recorded else None)
    evidence = {name for finding in findings for name in finding.evidence}
    failed = {gate.name for gate in gates if gate.verdict is Verdict.FAIL}
    if failed:
        assert evidence == failed
        assert any(finding.explained_by is None for finding in findings)
        assert all(finding.severity is not Severity.NONE for finding in findings)
    else:
        assert [finding.code for finding in findings] in ([], ["healthy"])
