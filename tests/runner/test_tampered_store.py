"""With a key, whatever is done to a store's rows, a check comes to the verdict that it had."""

from random import Random

import pytest

from evalguard.config import load_project
from evalguard.engines.base import BASE
from evalguard.engines.fake import FakeEngine
from evalguard.runner.check import run_check
from evalguard.store.seals import KEY_VARIABLE
from tests.scripted_engine import knows
from tests.store.tampering import tamper

GATES = "version: 1\ngates:\n  - {suite: facts, metric: exact_match, max_drop: 10pp}\n"


@pytest.fixture
def check(project, script, facts, edit, monkeypatch):
    """Check a candidate that answers half of the questions, with a key."""
    monkeypatch.setenv(KEY_VARIABLE, "a key that is long enough")
    edit("evalguard.yaml", "{name: hf, dtype: float32, device: cpu}", "{name: scripted}")
    (project / "thresholds/release.yaml").write_text(GATES)
    half = dict(list(facts.items())[::2])
    script.opens(lambda _: FakeEngine({BASE: knows(facts), "harmless": knows(half)}))

    def run():
        loaded = load_project(project / "evalguard.yaml")
        gates = [(gate, "harmless") for gate in loaded.thresholds.gates]
        result = run_check(loaded, gates, full=True)
        [gate] = result.gates
        return gate.verdict, {(run.model): dict(run.scores) for run in result.tasks}

    return run


def tampered_verdicts(check, project, rounds):
    honest = check()
    assert honest[0] == "FAIL"
    for seed in range(rounds):
        rng = Random(seed)
        for _ in range(rng.randint(1, 40)):
            tamper(f"sqlite:///{project}/.evalguard/store.db", rng)
        assert check() == honest, seed


def test_tampering_does_not_change_a_verdict(check, project):
    tampered_verdicts(check, project, 3)


@pytest.mark.slow
def test_no_tampering_changes_a_verdict(check, project):
    tampered_verdicts(check, project, 200)
