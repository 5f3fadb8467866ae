"""``evalguard decide``: verdicts, exit codes, JSON and messages."""

import json

import pytest
from click.testing import CliRunner

from evalguard.cli import main
from evalguard.cli.decide import command
from evalguard.errors import ExitCode


def run(*arguments):
    return CliRunner().invoke(command, arguments, standalone_mode=False)


def counts(losses, gains, n):
    return "--losses", str(losses), "--gains", str(gains), "--n", str(n)


@pytest.mark.parametrize(
    ("table", "code", "verdict"),
    [
        ((30, 20, 500), ExitCode.PASS, "PASS"),
        ((60, 10, 500), ExitCode.REGRESSION, "FAIL"),
        ((10, 5, 200), ExitCode.INCONCLUSIVE, "INCONCLUSIVE"),
    ],
)
def test_counts(table, code, verdict):
    done = run(*counts(*table), "--max-drop", "5pp")
    assert done.return_value == code
    assert done.output.startswith(verdict)


def test_everything_is_printed():
    done = run(*counts(10, 5, 200), "--max-drop", "5pp")
    for figure in ("p_pass    0.12790", "p_fail", "-0.0601 … +0.0082", "detects   +0.0025",
                   "10 lost, 5 gained of 200 (7.5%)"):  # fmt: skip
        assert figure in done.output


def test_json_has_the_whole_result():
    done = run(*counts(60, 10, 500), "--max-drop", "5pp", "--json")
    result = json.loads(done.output)
    assert result["verdict"] == "FAIL"
    assert result["p_fail"] == pytest.approx(0.00098, abs=5e-6)
    assert result["ci"][1] < -0.05 == -result["margin"]
    assert result["losses"] == 60
    assert done.return_value == ExitCode.REGRESSION


def test_gain_and_confidence():
    assert run(*counts(5, 60, 400), "--min-gain", "5pp").return_value == ExitCode.PASS
    loose = run(*counts(10, 5, 200), "--max-drop", "5pp", "--confidence", "0.8", "--json")
    assert json.loads(loose.output)["verdict"] == "PASS"


def scores_file(folder, rows):
    path = folder / "scores.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return str(path)


def test_file_of_scores(tmp_path):
    rows = [{"id": i, "baseline": 1, "candidate": int(i >= 3)} for i in range(300)]
    done = run("--from", scores_file(tmp_path, rows), "--max-drop", "5%", "--json")
    result = json.loads(done.output)
    assert (result["verdict"], result["losses"], result["margin"]) == ("PASS", 3, 0.05)


def test_file_with_clusters_strata_and_missing_scores(tmp_path):
    rows = [
        {
            "id": i,
            "baseline": 7.0,
            "candidate": None if i == 0 else 7.0 + (i % 5) / 10,
            "cluster": f"c{i // 3}",
            "stratum": "law" if i < 150 else "art",
        }
        for i in range(300)
    ]
    path = scores_file(tmp_path, rows)
    options = ("--kind", "bounded", "--low", "1", "--high", "10")
    done = run("--from", path, *options, "--max-drop", "0.5 points", "--weights", "equal", "--json")
    result = json.loads(done.output)
    assert (result["verdict"], result["missing"], result["units"]) == ("PASS", 1, 100)
    assert run("--from", path, *options, "--min", "8.5").return_value == ExitCode.REGRESSION


def test_nothing_that_was_scored_for_both_models_names_no_test(tmp_path):
    rows = [{"id": i, "baseline": 1, "candidate": None} for i in range(200)]
    done = run("--from", scores_file(tmp_path, rows), "--max-drop", "5pp")
    assert done.return_value == ExitCode.INTERNAL_ERROR
    assert "test      none: no question was scored for both models, " in done.output


def test_lower_is_better(tmp_path):
    rows = [{"id": i, "baseline": 0, "candidate": int(i < 60)} for i in range(300)]
    done = run("--from", scores_file(tmp_path, rows), "--lower-is-better", "--max-drop", "5pp")
    assert done.return_value == ExitCode.REGRESSION


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no requirement"),
        (["--max-drop", "5pp"], "give either losses, gains and n, or a file"),
        (["--max-drop", "5pp", "--losses", "3"], "all of losses, gains and n"),
        ([*counts(1, 1, 100), "--max-drop", "5"], "not a margin; write 5pp"),
        ([*counts(1, 1, 100), "--max-drop", "0pp"], "above 0 and below 100pp"),
        ([*counts(1, 1, 100), "--max-drop", "150pp"], "above 0 and below 100pp"),
        ([*counts(1, 1, 100), "--max-drop", "-5pp"], "not a margin"),
        ([*counts(1, 1, 0), "--max-drop", "5pp"], "not in the range"),
        ([*counts(60, 60, 100), "--max-drop", "5pp"], "losses + gains ≤ n"),
        ([*counts(1, 1, 100), "--max-drop", "5%"], "give a margin in pp"),
        ([*counts(1, 1, 100), "--max-drop", "5pp", "--min-gain", "1pp"], "exclude each other"),
        ([*counts(1, 1, 100), "--max-drop", "5pp", "--from", "x"], "give either"),
        (["--from", "absent.jsonl", "--max-drop", "5pp"], "absent.jsonl: cannot be read"),
        (["--from", "x", "--max-drop", "5pp", "--low", "2"], "low=2 must be below high=1"),
        ([*counts(1, 1, 100), "--max-drop", "5pp", "--confidence", "1"], "not in the range"),
    ],
)
def test_broken_input_is_refused_with_one_clear_error(capsys, arguments, message):
    assert main(["decide", *arguments]) == ExitCode.USAGE
    printed = capsys.readouterr()
    assert message in printed.err
    assert not printed.out


def test_broken_rows_are_named_and_give_no_verdict(tmp_path, capsys):
    path = tmp_path / "scores.jsonl"
    path.write_text('{"id": 1, "baseline": 1, "candidate": 1}\n{"id": 1, "baseline": NaN}')
    assert main(["decide", "--from", str(path), "--max-drop", "5pp"]) == ExitCode.USAGE
    assert f"{path}:2: has no 'candidate'" in capsys.readouterr().err
