"""``evalguard power``: figures, table, JSON and messages."""

import json

import pytest
from click.testing import CliRunner

from evalguard.cli import main
from evalguard.cli.power import command
from evalguard.errors import ExitCode
from evalguard.gates.looks import LookPlan
from evalguard.stats import power_paired


def figures(*arguments):
    done = CliRunner().invoke(command, [*arguments, "--json"], standalone_mode=False)
    return json.loads(done.output)


def test_figures_of_a_drop():
    found = figures("--n", "200", "--max-drop", "5pp", "--discordance", "0.1")
    assert found["power"] == pytest.approx(0.695, abs=0.001)
    assert power_paired(200, 0.05, 0.1, effect=found["mde"]) == pytest.approx(0.8, abs=0.002)
    assert found["required_n"] == pytest.approx(274, rel=0.025)
    assert found["underpowered"] is True
    assert [row["discordance"] for row in found["table"]] == [0.05, 0.1, 0.2]


def test_a_gain_is_planned_for_twice_as_much():
    found = figures("--n", "300", "--min-gain", "5pp")
    assert found["effect"] == 0.1
    assert found["margin"] == -0.05
    assert found["mde"] > 0.05


def test_looks_cost_level_and_power():
    fixed = figures("--n", "250", "--max-drop", "5pp", "--discordance", "0.05")
    design = ["--n", "250", "--max-drop", "5pp", "--discordance", "0.05", "--looks", "10"]
    looked = figures(*design)
    assert looked["alpha"] == pytest.approx(0.0412, abs=1e-4)
    assert looked["power"] < fixed["power"]
    early = figures(*design, "--spending", "early")
    assert early["alpha"] == LookPlan(10, spending="early").end_level(250, 0.05)
    assert early["power"] < looked["power"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--n", "50", "--discordance", "0.01", "--max-drop", "5pp"],
        ["--n", "60", "--discordance", "0.2", "--max-drop", "10pp", "--looks", "4"],
        ["--n", "60", "--discordance", "0.15", "--min-gain", "6pp"],
    ],
)
def test_text_and_table_agree(arguments):
    """And the effect that is called detectable is detected, exactly."""
    found = figures(*arguments)
    row = next(one for one in found["table"] if one["discordance"] == found["discordance"])
    assert (found["power"], found["mde"]) == (row["power"], row["mde"])
    assert found["required_n"] == row["n_for_80"]
    share = found["discordance"]
    design = {"n": found["n"], "margin": found["margin"], "discordance": share}
    if found["mde"] is None:
        best = power_paired(**design, effect=share, alpha=found["alpha"])
        assert best < 0.8
    else:
        exact = power_paired(**design, effect=found["mde"], alpha=found["alpha"])
        assert exact == pytest.approx(0.8, abs=0.003)


def test_what_is_impossible_at_the_discordance_is_said():
    done = CliRunner().invoke(
        command, ["--n", "50", "--discordance", "0.01", "--max-drop", "5pp"], standalone_mode=False
    )
    assert "no possible difference passes in 80 % of runs" in done.output
    assert "cannot lose the margin" in done.output
    assert done.output.count("17.4%") == 2


def test_text_has_the_figures_and_a_table():
    done = CliRunner().invoke(
        command, ["--n", "40", "--max-drop", "10pp", "--discordance", "0.2"], standalone_mode=False
    )
    assert "required n" in done.output
    assert "underpowered: even an unchanged model could not be relied on" in done.output
    assert len([line for line in done.output.splitlines() if line.strip()[:1].isdigit()]) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--n", "0", "--max-drop", "5pp"], "not in the range"),
        (["--n", "100"], "no requirement"),
        (["--n", "100", "--max-drop", "5%"], "give it in pp"),
        (["--n", "100", "--max-drop", "5pp", "--discordance", "0"], "not in the range"),
        (["--n", "100", "--max-drop", "5pp", "--effect", "-0.06"], "give a larger effect"),
        (["--n", "100", "--max-drop", "5pp", "--effect", "0.3"], "raise the discordance"),
        (["--n", "100", "--min-gain", "5pp", "--discordance", "0.02"], "is impossible where"),
        (["--max-drop", "5pp"], "Missing option '--n'"),
        (["--n", "100,0", "--max-drop", "5pp"], "not in the range"),
        (["--n", "100,x", "--max-drop", "5pp"], "'x' is not a valid integer"),
        (["--n", "100,", "--max-drop", "5pp"], "'' is not a valid integer"),
        (["--n", "100,100", "--max-drop", "5pp", "--looks", "3"], "decided once"),
        (["--n", "100,100", "--max-drop", "5%"], "give it in pp"),
        (["--n", "100,100", "--max-drop", "5pp", "--effect", "-0.06"], "give a larger effect"),
        (["--n", "100", "--max-drop", "5pp", "--weights", "equal"], "belongs to several suites"),
    ],
)
def test_broken_input_is_refused(capsys, arguments, message):
    assert main(["power", *arguments]) == ExitCode.USAGE
    assert message in capsys.readouterr().err


def test_a_pooled_gate_over_suites():
    """The power is that of the benchmark of pooled gates, .970 in 4,000 runs."""
    found = figures("--n", ",".join(["300"] * 10), "--max-drop", "2pp")
    assert found["power"] == pytest.approx(0.97, abs=0.035)
    assert (found["n"], found["effective_n"]) == (3000, 3000)
    assert 1500 < found["required_n"] < 2000


def test_a_small_suite_costs_power_where_suites_count_the_same():
    equal = figures("--n", "500,500,20", "--max-drop", "5pp")
    size = figures("--n", "500,500,20", "--max-drop", "5pp", "--weights", "size")
    assert equal["power"] < 0.7
    assert size["power"] > 0.99
    assert equal["effective_n"] == pytest.approx(9 / (2 / 500 + 1 / 20))
    assert equal["required_n"] > 1020 > size["required_n"]


def test_the_size_that_a_pooled_gate_needs_is_enough():
    found = figures("--n", "60,30", "--max-drop", "5pp")
    sizes = [round(found["required_n"] * share / 90) for share in (60, 30)]
    again = figures("--n", ",".join(map(str, sizes)), "--max-drop", "5pp")
    assert found["power"] < 0.75 < again["power"]


def pilot(folder):
    """Write a pilot of 60 answers, of which each model has the better score on some."""
    rows = [(0.9, 0.9)] * 48 + [(0.9, 0.2)] * 4 + [(0.1, 0.8)] * 8
    path = folder / "pilot.jsonl"
    lines = [
        {"id": str(index), "baseline": before, "candidate": after}
        for index, (before, after) in enumerate(rows)
    ]
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path


def test_a_pilot_of_scores_that_should_be_low(tmp_path):
    arguments = ["--from", str(pilot(tmp_path)), "--kind", "bounded", "--max-drop", "20%", "--json"]
    found = {}
    for words in ([], ["--lower-is-better"]):
        done = CliRunner().invoke(command, [*arguments, *words], standalone_mode=False)
        found[bool(words)] = json.loads(done.output)
    # A share of the baseline's mean is tolerated, on the other side of it.
    assert found[True]["margin"] == pytest.approx(found[False]["margin"])
    assert found[True]["power"] != found[False]["power"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no requirement"),
        (["--max-drop", "5pp", "--min-gain", "1pp"], "exclude each other"),
        (["--max-drop", "5pp", "--high", "inf"], "must be finite"),
        (["--max-drop", "5pp", "--low", "2"], "low=2 must be below high=1"),
        (["--max-drop", "5pp", "--n", "20,40"], "the pilot's strata have the sizes"),
    ],
)
def test_a_pilot_is_refused_as_the_function_refuses(tmp_path, capsys, arguments, message):
    path = pilot(tmp_path)
    assert main(["power", "--from", str(path), "--kind", "bounded", *arguments]) == ExitCode.USAGE
    assert message in capsys.readouterr().err
