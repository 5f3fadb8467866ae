"""Items that stand in the training data are left out of the gates, and that is said."""

import json

import pytest

from evalguard.cli import main
from evalguard.errors import ConfigError, ExitCode
from tests.runner.test_check import check

ROWS = (2, 5, 7)


@pytest.fixture
def trained_on(project):
    """Put some of the suite's questions into a training file."""
    lines = (project / "suites" / "facts.jsonl").read_text().splitlines()
    with (project / "train.jsonl").open("w") as file:
        for number in ROWS:
            row = json.loads(lines[number - 1])
            pair = {"prompt": row["question"].upper(), "completion": row["answer"]}
            file.write(json.dumps(pair) + "\n")
    return project


def test_what_an_audit_finds_is_left_out(trained_on, monkeypatch):
    monkeypatch.chdir(trained_on)
    before = {gate.suite: gate.n for gate in check(trained_on, "early_stopping=false").gates}
    command = ["audit", "train.jsonl", "--against", "evalguard.yaml", "--json", "audit.json"]
    assert main(command) == ExitCode.USAGE
    result = check(trained_on, "early_stopping=false", "contaminated=audit.json")
    after = {gate.suite: gate.n for gate in result.gates}
    # Both suites ask these questions, the one as a choice.
    assert after == {suite: n - len(ROWS) for suite, n in before.items()}
    told = [warning for warning in result.warnings if "were excluded" in warning]
    assert len(told) == 2
    assert any(w.startswith(f"{len(ROWS)} of {before['facts']} items of facts/facts") for w in told)


def test_a_project_without_an_audit_leaves_nothing_out(trained_on):
    assert not [w for w in check(trained_on).warnings if "were excluded" in w]


@pytest.mark.parametrize("content", [None, "", "[]", '{"findings": [{}]}'])
def test_an_audit_that_cannot_be_read_stops_the_check(trained_on, content):
    if content is not None:
        (trained_on / "audit.json").write_text(content)
    with pytest.raises(ConfigError, match="evalguard audit DATA"):
        check(trained_on, "contaminated=audit.json")
