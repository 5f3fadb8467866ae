"""``evalguard runs``: what the store holds, shown and removed."""

import json
import sqlite3

import pytest

from evalguard.cli import main
from evalguard.errors import ExitCode
from evalguard.records import ScoredSample
from evalguard.store import SampleStore

BASELINE = "ab" * 32
CANDIDATE = "ac" * 32


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """Work in a project whose store holds two runs."""
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == ExitCode.PASS
    with SampleStore(tmp_path / ".evalguard" / "store.db") as store:
        for key, name, score in ((BASELINE, "baseline", 1.0), (CANDIDATE, "mine", 0.5)):
            store.describe_fingerprint("m-" + name, {"dtype": "float32"})
            store.describe_fingerprint(
                key, {"name": name, "suite": "example", "task": "sums", "model": "m-" + name}
            )
            store.put(
                key,
                [
                    ScoredSample(
                        task="sums",
                        sample_id=str(number),
                        prompt="What is 2 + 2?\n",
                        target="4",
                        outputs=("\x1b[31m4",),
                        scores={"numeric": score},
                    )
                    for number in range(4)
                ],
            )
    return tmp_path


@pytest.fixture
def run(capsys):
    """Call the command and return its exit code, output and errors."""

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(["runs", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_runs_are_listed(run):
    code, out, _ = run("list")
    assert code == ExitCode.PASS
    lines = out.splitlines()
    assert lines[1].split()[:4] == [CANDIDATE[:12], "mine", "example/sums", "4"]
    assert lines[2].split()[:4] == [BASELINE[:12], "baseline", "example/sums", "4"]
    assert lines[3].startswith("2 runs, 8 samples, ")


def test_runs_are_listed_as_json(run):
    _, out, _ = run("list", "--json")
    assert [each["fingerprint"] for each in json.loads(out)] == [CANDIDATE, BASELINE]


def test_a_run_is_shown_by_the_beginning_of_its_fingerprint(run):
    code, out, _ = run("show", "ac", "--samples", "1")
    assert code == ExitCode.PASS
    facts = dict(line.split(maxsplit=1) for line in out.splitlines() if line)
    assert facts["run"] == CANDIDATE
    assert "mean numeric  0.5000" in out
    assert "model dtype   float32" in out
    assert out.count("sample ") == 1
    assert "What is 2 + 2?\\n" in out
    assert "\x1b" not in out  # nothing that a model wrote moves the terminal


def test_a_run_is_shown_as_json(run):
    _, out, _ = run("show", "ab", "--json")
    shown = json.loads(out)
    assert shown["scores"] == {"numeric": 1.0}
    assert shown["made_of"] == {"dtype": "float32"}
    assert len(shown["first_samples"]) == 3


@pytest.mark.parametrize(
    ("beginning", "says"), [("ff", "no run starts with 'ff'"), ("a", "2 runs start with 'a'")]
)
def test_an_unclear_run_is_refused(run, beginning, says):
    for arguments in (["show", beginning], ["prune", beginning, "--yes"]):
        code, _, err = run(*arguments)
        assert code == ExitCode.USAGE
        assert says in err


def test_named_runs_are_pruned(run):
    code, out, _ = run("prune", "ab", "--yes")
    assert (code, out) == (ExitCode.PASS, "removed 1 run with 4 samples\n")
    assert "1 run, 4 samples" in run("list")[1]


def test_runs_are_pruned_by_age(run, project):
    connection = sqlite3.connect(project / ".evalguard" / "store.db")
    with connection:
        connection.execute(
            "UPDATE evalguard_samples SET created = '2020-01-01T00:00:00+00:00' "
            "WHERE fingerprint = ?",
            [BASELINE],
        )
    connection.close()
    assert "removed 1 run " in run("prune", "--older-than", "30", "--yes")[1]
    assert run("prune", "--older-than", "30", "--yes")[1] == "nothing to remove\n"
    assert CANDIDATE[:12] in run("list")[1]


def test_all_runs_are_pruned(run):
    assert "removed 2 runs with 8 samples" in run("prune", "--all", "--yes")[1]
    assert run("list")[1].endswith("0 runs, 0 samples, 0 B\n")


def test_nothing_is_pruned_without_a_choice_or_an_answer(run, monkeypatch):
    code, _, err = run("prune")
    assert code == ExitCode.USAGE
    assert "name the runs to remove" in err
    monkeypatch.setattr("click.confirm", lambda question: False)
    assert run("prune", "--all")[1] == "nothing removed\n"
    assert "2 runs" in run("list")[1]


def test_a_missing_store_is_not_made(run, tmp_path, monkeypatch):
    code, _, err = run("list", "--store", "other.db")
    assert code == ExitCode.USAGE
    assert "other.db: no store yet" in err
    assert not (tmp_path / "other.db").exists()
    (tmp_path / "evalguard.yaml").unlink()
    code, _, err = run("list")
    assert code == ExitCode.USAGE
    assert "no evalguard.yaml in this folder" in err
    assert run("list", "--store", ".evalguard/store.db")[0] == ExitCode.PASS


@pytest.fixture
def retrained(project):
    """Two candidates after another: the second loses what the first had won."""
    outcomes = {"baseline": [1, 1, 0, 0], "v1": [1, 1, 1, 0], "v2": [0, 1, 0, 1]}
    with SampleStore(project / ".evalguard" / "store.db") as store:
        for number, (name, scores) in enumerate(outcomes.items()):
            key = f"{number}{number}" * 32
            store.describe_fingerprint(key, {"name": name, "suite": "qa", "task": "facts"})
            samples = [
                ScoredSample(
                    task="facts",
                    sample_id=f"q{index}",
                    prompt=f"Question {index}",
                    target="yes",
                    outputs=("yes",),
                    scores={"exact_match": float(score)},
                )
                for index, score in enumerate(scores)
            ]
            store.put(key, samples)


def test_flips_follow_items_along_the_models(run, retrained):
    code, out, _ = run("flips", "--of", "qa/facts")
    assert code == ExitCode.PASS
    lines = out.splitlines()
    assert [line.split()[0] for line in lines[:4]] == ["model", "baseline", "v1", "v2"]
    assert lines[2].split()[2:] == ["0", "1", "25.0%"]
    assert lines[3].split()[2:] == ["2", "1", "75.0%"]
    assert lines[4] == "3 items flipped; the last model lost 2 of them"
    assert [line.split()[:2] for line in lines[5:]] == [["✓✓✗", "q0"], ["✗✓✗", "q2"], ["✗✗✓", "q3"]]


def test_flips_are_a_record_for_other_tools(run, retrained):
    code, out, _ = run("flips", "11", "22", "--json")
    assert code == ExitCode.PASS
    ledger = json.loads(out)
    assert ledger["steps"][0]["losses"] == ["q0", "q2"]
    assert ledger["items"][0]["right"] == [True, False]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name two runs or more"),
        (["--of", "qa/fact"], "Did you mean 'qa/facts'?"),
        (["00"], "name at least 2 runs, not 1"),
        (["00", "ab"], "several tasks (example/sums, qa/facts)"),
        (["ab", "ac"], "'numeric' is 0.5; only binary metrics can flip"),
        (["00", "11", "--metric", "f1"], "'f1' is None; only binary metrics can flip"),
    ],
)
def test_flips_that_cannot_be_told(run, retrained, arguments, message):
    code, _, err = run("flips", *arguments)
    assert code == ExitCode.USAGE
    assert message in err
