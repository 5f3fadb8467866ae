"""Whatever is done to a store's rows, a check comes to the verdict that it had.

With a key it measures again what was touched. Without one, which anybody can forge, it does so or
says that a row was edited.
"""

from random import Random

import pytest

from evalguard.config import load_project
from evalguard.engines.base import BASE
from evalguard.engines.fake import FakeEngine
from evalguard.errors import StoreError
from evalguard.runner.check import run_check
from evalguard.store.seals import KEY_VARIABLE
from tests.scripted_engine import knows
from tests.store.postgres import running_server
from tests.store.tampering import clear, tamper

GATES = "version: 1\ngates:\n  - {suite: facts, metric: exact_match, max_drop: 10pp}\n"


@pytest.fixture(scope="module")
def server():
    with running_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, project, edit):
    """The store's URL; it is empty."""
    if request.param == "sqlite":
        return f"sqlite:///{project}/.evalguard/store.db"
    url = request.getfixturevalue("server").replace("postgresql:", "postgresql+psycopg:")
    edit("evalguard.yaml", "suites:", f"store: {url}\nsuites:")
    return url


@pytest.fixture(params=["a key that is long enough", None], ids=["with a key", "without a key"])
def check(request, url, project, script, facts, edit, monkeypatch):  # noqa: PLR0917 - fixtures
    """Check a candidate that answers half of the questions."""
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    if request.param:
        monkeypatch.setenv(KEY_VARIABLE, request.param)
    edit("evalguard.yaml", "{name: hf, dtype: float32, device: cpu}", "{name: scripted}")
    (project / "thresholds/release.yaml").write_text(GATES)
    half = dict(list(facts.items())[::2])
    script.opens(lambda _: FakeEngine({BASE: knows(facts), "harmless": knows(half)}))

    def run():
        loaded = load_project(project / "evalguard.yaml")
        gates = [(gate, "harmless") for gate in loaded.thresholds.gates]
        try:
            result = run_check(loaded, gates, full=True)
        except StoreError as error:
            if request.param or "evalguard runs prune" not in str(error):
                raise  # with a key, nothing is at fault
            clear(url)
            return None
        [gate] = result.gates
        return gate.verdict, {run.model: dict(run.scores) for run in result.tasks}

    return run


def tampered_verdicts(check, url, rounds):
    clear(url)
    honest = check()
    assert honest is not None
    assert honest[0] == "FAIL"
    for seed in range(rounds):
        rng = Random(seed)
        for _ in range(rng.randint(1, 40)):
            tamper(url, rng)
        assert check() in (honest, None), seed
    assert check() == honest


def test_tampering_does_not_change_a_verdict(check, url):
    tampered_verdicts(check, url, 3)


@pytest.mark.slow
def test_no_tampering_changes_a_verdict(check, url):
    tampered_verdicts(check, url, 200)
