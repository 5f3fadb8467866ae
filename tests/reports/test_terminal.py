"""The result in a terminal."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from evalguard.records import CheckResult, Finding, Severity, Stage, Verdict
from evalguard.reports.failure import failure_text
from evalguard.reports.html import render_html
from evalguard.reports.terminal import print_summary
from tests.reports import examples


def printed(result: CheckResult, *, width: int = 130, terminal: bool = False) -> str:
    output = io.StringIO()
    print_summary(result, console=Console(file=output, width=width, force_terminal=terminal))
    return output.getvalue()


@pytest.mark.parametrize("width", [130, 100, 60, 30])
def test_every_gate_verdict_and_figure_shows_at_any_width(forgetting, width):
    words = " ".join(printed(forgetting, width=width).split())
    assert "✗ FAIL tickets-v2 must not be released" in words
    assert words.count("FAIL") == 9
    assert words.count("PASS") == 1
    for gate in forgetting.gates:
        assert gate.name.split()[0] in words
    assert "−100.0 pp" in words


@pytest.mark.parametrize("width", [130, 100, 60])
def test_no_line_is_wider_than_the_terminal(forgetting, width):
    assert max(map(len, printed(forgetting, width=width).splitlines())) <= width


def test_a_pooled_gate_names_first_what_pulls_it_down_most(healthy):
    words = " ".join(printed(replace(healthy, gates=(examples.pooled_gate(),)), width=60).split())
    assert "mean of loses | most −10.0 pp, loses little −3.0 pp, <b>gains</b> +1.0 pp" in words


def test_plain_without_a_terminal_and_coloured_on_one(healthy):
    assert "\x1b" not in printed(healthy)
    assert "\x1b[32m" in printed(healthy, terminal=True)


def test_the_forest_line_stands_in_a_wide_terminal_only(forgetting):
    assert "┊" in printed(forgetting, width=130)
    assert "┊" not in printed(forgetting, width=100)


def test_findings_show_cause_repair_and_changes(forgetting):
    finding = Finding(
        code="catastrophic_forgetting",
        title="Catastrophic forgetting",
        model="tickets-v2",
        severity=Severity.SEVERE,
        explanation="General ability fell from 100% to 0%.",
        evidence=("no catastrophic forgetting",),
        cause="The learning rate is 33 times the usual.",
        repair="Train at a fifth of the learning rate.",
        config_changes={"training.learning_rate": 0.002},
    )
    consequence = replace(
        finding, title="Safety loss", code="safety_loss", explained_by="catastrophic_forgetting"
    )
    text = printed(replace(forgetting, findings=(finding, consequence)))
    assert "Catastrophic forgetting  severe" in text
    assert "The learning rate is 33 times the usual." in text
    assert "training.learning_rate: 0.002" in text
    assert "Safety loss" not in text


def test_several_candidates_have_a_table_each(several):
    text = printed(several)
    assert text.count("baseline → candidate") == 3
    assert "✓ PASS  tickets-v2" in text
    assert "✗ FAIL  tickets-v3" in text


def test_undecided_and_unmeasured_gates_say_why(healthy):
    gates = (
        replace(healthy.gates[0], verdict=Verdict.INCONCLUSIVE, reason="too few samples"),
        replace(
            healthy.gates[1],
            verdict=Verdict.ERROR,
            reason="engine died",
            baseline=None,
            candidate=None,
            delta=None,
            ci=None,
        ),
    )
    text = printed(replace(healthy, gates=gates, verdict=Verdict.ERROR))
    assert "too few samples" in text
    assert "engine died" in text


def test_warnings_notes_and_reuse_are_told(healthy):
    model = replace(healthy.models[1], notes=("trained on another precision \x1b[31m",))
    result = replace(healthy, warnings=("2 samples were cut off",), models=(model,))
    text = printed(result)
    assert "2 samples were cut off" in text
    assert "tickets-v2: trained on another precision ␛[31m" in text
    assert "5,400 answers scored, 2,700 of them reused · 29.3 s, 14.1 s of it on hf" in text


def test_markup_in_names_is_not_interpreted(healthy):
    gate = replace(healthy.gates[0], name="[bold]not markup[/bold]")
    assert "[bold]not markup[/bold]" in printed(replace(healthy, gates=(gate,)))


def test_a_log_is_wide_enough_for_the_table(healthy, capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    print_summary(healthy)
    assert "against the margin" in capsys.readouterr().out


def test_colour_can_be_asked_for(healthy, capsys):
    print_summary(healthy, color=True)
    assert "\x1b[32m" in capsys.readouterr().out
    print_summary(healthy, color=False)
    assert "\x1b" not in capsys.readouterr().out


def test_nothing_gated(healthy):
    assert "No gate was run" in printed(replace(healthy, gates=(), tasks=()))


ACTING = "a\x1b[2J\x9b31m\u202eb\nc"


def test_names_and_sentences_of_a_file_do_not_act_on_the_terminal(forgetting):
    gates = tuple(
        replace(gate, name=ACTING, suite=ACTING, reason=ACTING) for gate in forgetting.gates
    )
    findings = tuple(replace(one, title=ACTING, explanation=ACTING) for one in forgetting.findings)
    result = replace(forgetting, gates=gates, findings=findings, warnings=(ACTING,), title=ACTING)
    for width in (60, 140):
        text = printed(result, width=width)
        assert not {"\x1b", "\x9b", "\u202e"} & set(text)
        assert "a␛[2J" in text


def test_the_stage_that_decided_is_shown(healthy):
    stages = (Stage(40, 40, 0.22, 0.9), Stage(200, 200, 0.0004, 1.0))
    extended = replace(healthy.gates[0], stages=stages)
    result = replace(healthy, gates=(extended, *healthy.gates[1:]))
    assert "40 planned + 200" in printed(result)
    assert "40 planned + 200" not in printed(healthy)
    page = render_html(result)
    assert "extension 1" in page
    assert "p (pass) 0.0004" in page
    assert "40 planned + 200" in failure_text(extended)
