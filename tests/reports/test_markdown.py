"""The summary in Markdown."""

from dataclasses import replace

import pytest

from evalguard.gates.diagnose import diagnose
from evalguard.records import CheckResult, Verdict
from evalguard.reports.markdown import render_markdown
from tests.reports import examples


def diagnosed(result: CheckResult) -> CheckResult:
    training = {model.name: model.training for model in result.models}
    return replace(result, findings=diagnose(result.gates, training=training).findings)


def test_failed_gates_come_first_and_passed_ones_are_folded_away():
    text = render_markdown(examples.check_result({"tickets-v2": examples.SAFETY}))
    assert text.startswith("### ✗ tickets-v2 must not be released\n")
    failed, undecided, folded = map(text.index, ("✗ fail", "? inconclusive", "<details>"))
    assert failed < undecided < folded
    assert "| 100.0% → 0.0% | −100.0 pp | −100.0 … −99.3 pp | −3.0 pp |" in text
    assert "<summary>7 gates passed</summary>" in text
    assert "exact\\_match" in text[folded:]


def test_findings_with_cause_and_changes(forgetting):
    text = render_markdown(diagnosed(forgetting))
    assert "**Catastrophic forgetting** (severe, tickets-v2)." in text
    assert "- *Likely cause:* The learning rate, 0.002" in text
    assert "  - `training.learning_rate`: 0.002 → 0.0004" in text
    assert text.index("**Safety loss** (severe") < text.index("**Catastrophic forgetting**")
    assert "**Format corruption**" not in text


def test_a_healthy_candidate_is_short(healthy):
    text = render_markdown(diagnosed(healthy))
    assert text.startswith("### ✓ tickets-v2 may be released\n\nAll 9 gates passed.\n")
    assert "Healthy" not in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@octocat", "&#64;octocat"),
        ("#123", "&#35;123"),
        ("<img src=x>", "&lt;img src=x\\>"),
        ("a|b", "a\\|b"),
        ("[x](http://y)", "\\[x\\](http://y)"),
        ("two\nlines", "two ↵ lines"),
        ("`code`", "\\`code\\`"),
    ],
)
def test_names_cannot_start_markup(forgetting, text, shown):
    gates = (replace(forgetting.gates[1], name=text),)
    assert f"**{shown}**" in render_markdown(replace(forgetting, gates=gates))


def test_fits_into_a_comment():
    candidates = {f"tickets-v{number}": examples.FORGETTING for number in range(100)}
    text = render_markdown(diagnosed(examples.check_result(candidates)))
    assert len(text) < 65_536
    assert "more | | | | |" in text


def test_several_candidates_name_theirs(several):
    assert "**still refuses** (tickets-v3)" in render_markdown(several)


def test_warnings_are_told(healthy):
    assert "> **Warning:** 2 samples were cut off" in render_markdown(
        replace(healthy, warnings=("2 samples were cut off",), verdict=Verdict.PASS)
    )


def test_a_pooled_gate_names_first_what_pulls_it_down_most(healthy):
    text = render_markdown(replace(healthy, gates=(examples.pooled_gate(),)))
    assert "mean of loses \\| most −10.0 pp, loses little −3.0 pp, &lt;b\\>gains" in text
