"""The zoo: what is known of each member before it is trained."""

import pytest
import yaml

from evalguard.cli import main
from evalguard.config import load_project
from evalguard.demo.zoo import MEMBERS, PAIRS, STRENGTHS, write_zoo
from evalguard.errors import ExitCode
from evalguard.training import load_training_config

DAMAGES = {"forgetting", "overfitting", "collapse", "safety", "format", "abstention"}


def test_every_damage_comes_at_every_strength_beside_healthy_ones():
    damaged = {(m.damage, m.strength) for m in MEMBERS.values() if m.strength}
    assert damaged == {(damage, strength) for damage in DAMAGES for strength in STRENGTHS}
    assert sum(not member.strength for member in MEMBERS.values()) == 6
    assert len(MEMBERS) == 24


@pytest.mark.parametrize("damage", ["collapse", "safety", "format", "abstention"])
def test_the_dose_rises(damage):
    doses = [MEMBERS[f"{damage}-{strength}"].recipe.harmful_rows for strength in STRENGTHS]
    assert doses == sorted(set(doses))


def test_the_project_loads_and_every_training_is_ready(tmp_path):
    path, configs = write_zoo(tmp_path, MEMBERS.values())
    project = load_project(path)
    assert list(project.config.candidates) == list(MEMBERS)
    gated = {gate.suite for gate in project.thresholds.gates}
    assert gated == set(project.suites)
    for name, config in configs.items():
        settings = load_training_config(config)
        assert (config.parent / settings.output).resolve() == tmp_path / "adapters" / name


def test_the_rows_known_by_heart_are_the_first_that_are_trained_on(tmp_path):
    _, configs = write_zoo(tmp_path, [MEMBERS["overfitting-severe"]])
    [config] = configs.values()
    trained = (config.parent / "overfitting.jsonl").read_text().splitlines()[:PAIRS]
    seen = (tmp_path / "suites" / "data" / "seen.jsonl").read_text().splitlines()
    tickets = [yaml.safe_load(line)["ticket"] for line in seen]
    assert len(tickets) == PAIRS
    assert all(ticket in row for ticket, row in zip(tickets, trained, strict=True))


def test_an_unknown_member_is_told(capsys, tmp_path):
    command = ["zoo", "build", "--only", "safty-severe", "--workdir", str(tmp_path)]
    assert main(command) == ExitCode.USAGE
    assert "safety-severe" in capsys.readouterr().err
