"""The verdict in a sentence."""

from dataclasses import replace

from evalguard.records import Finding, Role, Severity, Verdict
from evalguard.reports import wording
from evalguard.verdicts import overall
from tests.reports import examples


def test_pass(healthy):
    assert wording.headline(healthy) == "tickets-v2 may be released"
    assert wording.explanation(healthy) == "All 9 gates passed."


def test_fail_names_the_widest_miss_with_figures(forgetting):
    assert wording.headline(forgetting) == "tickets-v2 must not be released"
    sentence = wording.explanation(forgetting)
    assert sentence.startswith("8 of 9 gates failed.")
    assert "100.0% → 0.0% (−100.0 pp, allowed −3.0 pp)" in sentence


def test_fail_names_the_damage_but_not_what_it_explains(forgetting):
    def finding(code: str, title: str, explained_by: str | None = None) -> Finding:
        return Finding(
            code=code,
            title=title,
            model="tickets-v2",
            severity=Severity.SEVERE,
            explanation="",
            evidence=("x",),
            explained_by=explained_by,
        )

    findings = (
        finding("catastrophic_forgetting", "Catastrophic forgetting"),
        finding("safety_loss", "Safety loss", "catastrophic_forgetting"),
    )
    headline = wording.headline(replace(forgetting, findings=findings))
    assert headline == "tickets-v2 must not be released: catastrophic forgetting"


def test_inconclusive_says_what_would_decide(healthy):
    gate = replace(healthy.gates[0], verdict=Verdict.INCONCLUSIVE, required_n=720)
    result = replace(healthy, verdict=Verdict.INCONCLUSIVE, gates=(gate, *healthy.gates[1:]))
    assert wording.headline(result) == "tickets-v2: inconclusive, do not release yet"
    assert wording.explanation(result) == (
        "No gate failed, but 1 of 9 gates could not be decided; about 720 samples would decide."
    )


def test_many_times_the_planned_samples_are_no_advice(healthy):
    gate = replace(healthy.gates[0], verdict=Verdict.INCONCLUSIVE, required_n=5400, n_planned=300)
    result = replace(healthy, verdict=Verdict.INCONCLUSIVE, gates=(gate, *healthy.gates[1:]))
    assert wording.explanation(result) == (
        "No gate failed, but 1 of 9 gates could not be decided; a suite is too small "
        "for its margin."
    )


def test_error_gives_the_reason(healthy):
    gate = replace(healthy.gates[0], verdict=Verdict.ERROR, reason="the adapter changes nothing")
    result = replace(healthy, verdict=Verdict.ERROR, gates=(gate, *healthy.gates[1:]))
    assert "could not be evaluated" in wording.headline(result)
    assert "the adapter changes nothing" in wording.explanation(result)


def test_an_undecided_tripwire_does_not_hold_a_candidate_back(healthy):
    gates = tuple(
        replace(gate, verdict=Verdict.INCONCLUSIVE) if gate.role is Role.TRIPWIRE else gate
        for gate in healthy.gates
    )
    assert overall(gates)[0] is Verdict.PASS
    assert wording.candidate_sentence(gates) == (
        "All 8 guards passed and no tripwire failed (1 undecided)."
    )


def test_several_candidates(several):
    assert wording.headline(several) == "1 of 3 candidates may be released: tickets-v2"
    assert "tickets-v2: all 9 gates passed." in wording.explanation(several)


def test_no_candidate_passed():
    result = examples.check_result({"a": examples.FORGETTING, "b": examples.SAFETY})
    assert wording.headline(result) == "None of the 2 candidates may be released"


def test_nothing_gated(healthy):
    assert wording.headline(replace(healthy, gates=())) == "No gate was run"


def test_a_failed_minimum_without_margin_gives_its_requirement(forgetting):
    gate = replace(forgetting.gates[4], margin=None, requirement="min 0.95")
    assert wording.change(gate) == "100.0% → 0.0% (−100.0 pp, min 0.95)"


def test_a_verdict_that_the_interval_does_not_show_needs_its_reason(forgetting):
    shown, passed = (
        forgetting.gates[4],
        next(g for g in forgetting.gates if g.verdict is Verdict.PASS),
    )
    assert not wording.needs_its_reason(shown)
    assert not wording.needs_its_reason(passed)
    assert wording.needs_its_reason(replace(shown, ci=(-1.0, 1.0)))
    assert wording.needs_its_reason(replace(shown, margin=None))
    assert wording.needs_its_reason(replace(passed, verdict=Verdict.INCONCLUSIVE))


def test_costs_tell_what_stopping_early_saved(healthy):
    assert wording.costs(healthy) == ["29.3 s, 14.1 s of it on hf"]
    saved = replace(healthy, timing={**healthy.timing, "share_saved": 0.42})
    assert wording.costs(saved)[1] == "42% of the samples saved by stopping early"
    assert wording.costs(replace(healthy, timing={})) == []


def test_a_part_of_the_gates_is_no_release(healthy):
    part = replace(healthy, left_out={"tickets-v2": 6})
    assert wording.headline(part) == (
        "tickets-v2: selected gates passed (9 of 15), no release decision"
    )


def test_a_candidate_that_was_not_checked_is_named(healthy, several):
    part = replace(healthy, left_out={"tickets-v3": 15})
    assert wording.headline(part) == "tickets-v2 may be released; tickets-v3 not checked"
    assert wording.headline(replace(several, left_out={"x": 9})).endswith("; x not checked")


def test_a_part_that_fails_still_says_so(forgetting):
    part = replace(forgetting, left_out={"tickets-v2": 6})
    assert wording.headline(part) == "tickets-v2 must not be released"


def test_of_several_candidates_only_those_with_all_gates_are_released(several):
    part = replace(several, left_out={"tickets-v2": 1})
    assert wording.headline(part) == (
        "No release decision: tickets-v2: selected gates passed (9 of 10), no release decision"
    )
