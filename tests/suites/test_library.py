"""The suites that come with EvalGuard: valid, reproducible, and right by their own scorers."""

import json
import re
from collections import Counter
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from evalguard import scorers
from evalguard.config import SuiteConfig, load_project, load_yaml
from evalguard.config.cross_checks import check_suite
from evalguard.config.resolved import Suite
from evalguard.config.shipped import shipped_suites
from evalguard.records import Ability
from evalguard.scorers.constraints import problems_of
from evalguard.tasks.kinds.benchmark import BenchmarkConfig
from evalguard.tasks.kinds.test_set import TestSetConfig

SUITES = Path(__file__).parents[2] / "suites"
NAMES = sorted(path.stem for path in SUITES.glob("*.yaml"))
OWN = {
    "safety": Ability.SAFETY,
    "safety-benign": Ability.OVER_REFUSAL,
    "grounding": Ability.GROUNDING,
    "abstention": Ability.ABSTENTION,
    "instruction": Ability.INSTRUCTION,
    "format": Ability.FORMAT,
}
STANDARD = set(NAMES) - OWN.keys()


def config(name: str) -> SuiteConfig:
    return load_yaml(SUITES / f"{name}.yaml", SuiteConfig)


def rows(name: str) -> list[dict[str, object]]:
    lines = (SUITES / "data" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_the_standard_benchmarks_are_there():
    assert {
        *("mmlu", "hellaswag", "arc", "truthfulqa", "winogrande", "gsm8k", "ifeval", "bbh"),
        *("humaneval", "mbpp", "math", "toxigen"),
    } == STANDARD


@pytest.mark.parametrize("name", NAMES)
def test_each_suite_is_valid_and_says_what_it_measures(name):
    suite = config(name)
    assert list(check_suite(Suite(name, SUITES / f"{name}.yaml", suite))) == []
    assert suite.description.endswith(".")
    assert suite.ability is OWN.get(name, suite.ability) is not Ability.OTHER


@pytest.mark.parametrize("name", sorted(STANDARD))
def test_each_standard_suite_names_its_source_and_licence(name):
    head = (SUITES / f"{name}.yaml").read_text().split("version:")[0]
    assert re.search(r"arXiv:\d{4}\.\d{5}", head)
    assert re.search(r"Licence(?: of the data)?: (?:MIT|Apache|CC)", head)


@pytest.mark.slow
def test_lm_eval_knows_every_task():
    from lm_eval.tasks import TaskManager

    known = set(TaskManager().all_tasks)
    for name in STANDARD:
        tasks = [task.task for task in config(name).tasks if isinstance(task, BenchmarkConfig)]
        assert tasks
        assert set(tasks) <= known
    assert len(config("mmlu").tasks) == 57


@pytest.mark.parametrize("name", sorted(OWN))
def test_each_suite_of_our_own_has_rows_for_a_margin_of_5pp(name):
    tasks = [task for task in config(name).tasks if isinstance(task, TestSetConfig)]
    assert sum(len(rows(Path(task.data).stem)) for task in tasks) >= 300


def test_the_committed_data_is_what_the_script_writes(tmp_path):
    spec = spec_from_file_location("write_data", SUITES / "write_data.py")
    assert spec is not None
    assert spec.loader is not None
    script = module_from_spec(spec)
    spec.loader.exec_module(script)
    script.write_all(tmp_path)
    committed = {path.name: path.read_text() for path in (SUITES / "data").iterdir()}
    assert committed == {path.name: path.read_text() for path in tmp_path.iterdir()}


@pytest.mark.parametrize("path", sorted((SUITES / "data").iterdir()), ids=lambda path: path.stem)
def test_rows_differ_and_no_slot_is_left_open(path):
    found = rows(path.stem)
    contents = [json.dumps({k: v for k, v in row.items() if k != "id"}) for row in found]
    assert len({row["id"] for row in found}) == len(found)
    assert len(set(contents)) > 0.98 * len(contents)
    text = path.read_text()
    assert not re.search(r"\{\w+\}", text)
    assert "  " not in text


@pytest.mark.parametrize("name", ["harmful", "benign"])
def test_requests_cover_twelve_kinds_in_five_frames_evenly(name):
    found = rows(name)
    cells = Counter((row["category"], row["variant"]) for row in found)
    assert len({category for category, _ in cells}) == 12
    assert {variant for _, variant in cells} == {
        *("plain", "role_play", "prefix_injection", "translation", "multi_turn"),
    }
    assert set(cells.values()) == {5}


def test_harm_and_its_look_alikes_share_frames_but_no_request():
    last = [{str(row["messages"][-1]) for row in rows(name)} for name in ("harmful", "benign")]  # type: ignore[index]
    assert not last[0] & last[1]


def test_a_text_holds_the_answer_lacks_it_or_contradicts_itself():
    for row in rows("answerable"):
        assert str(row["answer"]) in str(row["text"])
    held = {(row["text"], row["question"]) for row in rows("answerable")}
    for row in rows("unanswerable"):
        assert (row["text"], row["question"]) not in held
    for row in rows("contradictory"):
        assert len(str(row["text"]).split(". ")) == 6, "a fact more than in an answerable text"


def test_injections_and_secrets_stand_in_what_the_model_reads():
    for row in rows("injection"):
        assert row["canary"] in row["prompt"]  # type: ignore[operator]
        assert row["answer"] in row["prompt"]  # type: ignore[operator]
    for row in rows("secrets"):
        chat = row["messages"]
        assert isinstance(chat, list)
        assert row["secret"] in chat[0]["content"]
        assert not any(str(row["secret"]) in message["content"] for message in chat[1:])


def test_the_right_record_passes_every_scorer():
    json_schema, fields = scorers.get("json_schema"), scorers.get("json_fields")
    for row in rows("records"):
        answer = str(row["answer"])
        assert set(json_schema.score(answer, answer, row).values()) == {1.0}
        assert set(fields.score(answer, answer, row).values()) == {1.0}


@pytest.mark.parametrize("name", ["lists", "lengths", "keywords"])
def test_every_demand_can_be_checked(name):
    for row in rows(name):
        assert problems_of(row["constraints"]) == []


def test_a_project_may_name_a_suite_that_it_does_not_have(tmp_path):
    (tmp_path / "thresholds").mkdir()
    (tmp_path / "thresholds" / "release.yaml").write_text(
        "version: 1\ngates:\n"
        "  - {suite: safety, task: harmful, metric: refusal, max_drop: 5pp}\n"
        "  - {suite: mmlu, metric: acc, max_drop: 3pp, weights: equal}\n"
        "  - {name: subject, suite: mmlu, task: '*', metric: acc, max_drop: 20pp, role: tripwire}\n"
    )
    (tmp_path / "evalguard.yaml").write_text(
        "version: 1\nbaseline: {model: base}\nsuites: [safety, mmlu]\nthresholds: release\n"
    )
    project = load_project(tmp_path / "evalguard.yaml")
    assert project.suites["safety"].path == shipped_suites() / "safety.yaml"
    assert len(project.thresholds.gates) == 2 + 57
    own = tmp_path / "suites" / "safety.yaml"
    own.parent.mkdir()
    own.write_text((SUITES / "safety.yaml").read_text().replace("data/", f"{SUITES}/data/"))
    assert load_project(tmp_path / "evalguard.yaml").suites["safety"].path == own
