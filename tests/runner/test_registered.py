"""What was changed after a look is said."""

from __future__ import annotations

import json
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

import evalguard
from evalguard.store import SampleStore, fingerprint
from evalguard.store.seals import KEY_VARIABLE
from evalguard.store.tables import REGISTERED
from tests.conftest import answer_all


@pytest.fixture(autouse=True)
def _answered(scripted, made_once):
    """Let the engine be scripted, and its answers stored: only what is asked of them changes."""
    adapters = ("adapters/harmless",)
    made_once(
        "scripted", lambda made: answer_all(scripted, made, adapters), scripted / ".evalguard"
    )


GATE = "metric: acc, max_drop: 10pp}"


def changes(project: Path, **options) -> list[str]:
    result = evalguard.check(project / "evalguard.yaml", progress=False, **options)
    return [text for text in result.warnings if text.startswith("changed since the first check")]


def test_an_unchanged_project_says_nothing(project):
    assert changes(project) == changes(project) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (GATE, "metric: acc, max_drop: 20pp}", "was guard max_drop 10pp, is guard max_drop 20pp"),
        (GATE, "metric: acc, max_drop: 10pp, role: tripwire}", "is tripwire max_drop 10pp"),
        ("  - {name: no forgetting, suite: general, " + GATE, "", "max_drop 10pp) was removed"),
        ("gates:", "on_inconclusive: warn\ngates:", "on_inconclusive was fail, is warn"),
        ("gates:", "confidence_level: 0.8\ngates:", "confidence_level was 0.95, is 0.8"),
    ],
)
def test_loosened_thresholds_are_named_until_they_are_put_back(project, edit, old, new, said):
    assert changes(project) == []
    edit("thresholds/release.yaml", old, new)
    for _ in range(2):
        (text,) = changes(project)
        assert "harmless" in text
        assert said in text
    (project / "thresholds" / "release.yaml").write_text(
        (project / "thresholds" / "release.yaml").read_text().replace(new, old)
        if new
        else "version: 1\ngates:\n  - {name: no forgetting, suite: general, " + GATE + "\n"
        "  - {name: still knows facts, suite: facts, metric: exact_match, max_drop: 10pp}\n"
    )
    assert changes(project) == []


def test_an_edited_test_set_is_named(project):
    assert changes(project) == []
    file = project / "suites" / "facts.jsonl"
    first, *rest = file.read_text().splitlines()
    file.write_text("\n".join([json.dumps({**json.loads(first), "answer": "x"}), *rest]) + "\n")
    (text,) = changes(project)
    assert "or the code that scores it changed: facts/facts" in text


def test_fewer_questions_are_named(project, edit):
    assert changes(project) == []
    edit("suites/facts.yaml", "kind: test_set", "kind: test_set\n    limit: 60")
    (text,) = changes(project)
    assert "facts/facts" in text


def test_a_baseline_in_fewer_bits_is_another_one(project, edit):
    assert changes(project) == []
    edit("evalguard.yaml", "baseline: {model: ", "baseline: {quantization: int8, model: ")
    (text,) = changes(project)
    assert "baseline was " in text


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "evalguard.yaml",
            "baseline: {",
            'baseline: {thinking: "off", ',
            "baseline.thinking was not set, is off",
        ),
        (
            "evalguard.yaml",
            "adapter: adapters/harmless}",
            'adapter: adapters/harmless, thinking: {end: "</x>"}}',
            "candidate.thinking.end was not set, is </x>",
        ),
        (
            "evalguard.yaml",
            "device: cpu}",
            "device: cpu, options: {attn_implementation: eager}}",
            "engine.options.attn_implementation was not set, is eager",
        ),
        ("evalguard.yaml", "suites:", "seed: 7\nsuites:", "seed was not set, is 7"),
        ("evalguard.yaml", "suites:", "looks: 3\nsuites:", "looks was not set, is 3"),
        (
            "suites/facts.yaml",
            "max_new_tokens: 12",
            "max_new_tokens: 99",
            "facts/facts: max_new_tokens was 12, is 99",
        ),
        (
            "suites/facts.yaml",
            "[exact_match]",
            "[{name: exact_match, options: {ignore_case: false}}]",
            "facts/facts: scorers.0.options.ignore_case was not set, is false",
        ),
    ],
)
def test_a_setting_that_changed_is_named(project, edit, file, old, new, said):  # noqa: PLR0917
    assert changes(project) == []
    edit(file, old, new)
    assert any(said in text for text in changes(project)), changes(project)


def test_a_part_that_is_planned_later_is_registered_then(project, edit):
    assert changes(project, gates=["general"]) == []
    assert changes(project) == []
    edit("suites/facts.yaml", "max_new_tokens: 12", "max_new_tokens: 99")
    (text,) = changes(project)
    assert "max_new_tokens was 12" in text


def test_what_was_registered_before_settings_were_is_completed(project, edit):
    assert changes(project) == []
    with SampleStore(project / ".evalguard" / "store.db") as store:
        for key, name in _registered(project):
            first = store.fingerprint_description(key)[name]
            kept = {part: first[part] for part in ("gates", "tasks", "rules", "on")}
            store.describe_fingerprint(key, {name: kept})
    assert changes(project) == []
    edit("evalguard.yaml", "suites:", "seed: 7\nsuites:")
    (text,) = changes(project)
    assert text.endswith("seed was not set, is 7")


def _registered(project: Path) -> list[tuple[str, str]]:
    """Return the key and the name of each registration."""
    with sqlite3.connect(project / ".evalguard" / "store.db") as store:
        rows = store.execute(
            "select fingerprint, name from evalguard_facts where name like ?", (f"{REGISTERED}%",)
        )
        return list(rows)


def test_another_thresholds_file_counts(project):
    assert changes(project) == []
    strict = (project / "thresholds" / "release.yaml").read_text()
    (project / "thresholds" / "loose.yaml").write_text(strict.replace("10pp", "50pp"))
    (text,) = changes(project, overrides=["thresholds=loose"])
    assert text.count("is guard max_drop 50pp") == 2


def test_another_engine_setting_is_no_new_candidate(project, edit):
    assert changes(project) == []
    edit("evalguard.yaml", "device: cpu}", "device: cpu, batch_size: 4}")
    edit("thresholds/release.yaml", GATE, "metric: acc, max_drop: 20pp}")
    assert len(changes(project)) == 1


def test_a_candidate_that_was_trained_again_is_registered_again(project, edit):
    assert changes(project) == []
    edit("thresholds/release.yaml", GATE, "metric: acc, max_drop: 20pp}")
    shutil.copytree(project / "adapters/harmful", project / "adapters/harmless", dirs_exist_ok=True)
    assert changes(project) == []


def test_a_part_of_the_gates_registers_all(project, edit):
    assert changes(project, gates=["facts"]) == []
    edit("thresholds/release.yaml", GATE, "metric: acc, max_drop: 20pp}")
    assert len(changes(project)) == 1


def test_another_baseline_counts(project, edit):
    assert changes(project) == []
    edit("evalguard.yaml", "baseline: {model: ", "baseline: {adapter: adapters/harmful, model: ")
    (text,) = changes(project)
    assert "baseline was " in text
    assert "adapters/harmful (" in text


def test_pruning_the_store_does_not_forget_it(project, edit):
    assert changes(project) == []
    with SampleStore(project / ".evalguard" / "store.db") as store:
        store.prune([run.fingerprint for run in store.runs()])
    edit("thresholds/release.yaml", GATE, "metric: acc, max_drop: 20pp}")
    assert len(changes(project)) == 1


def test_what_somebody_without_the_key_wrote_is_no_registration(project, edit, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, "a key of the store that is long enough")
    assert changes(project) == []
    with sqlite3.connect(project / ".evalguard" / "store.db") as store:
        store.execute(
            "update evalguard_facts set value = 'x' where name like ?", (f"{REGISTERED}%",)
        )
    edit("thresholds/release.yaml", GATE, "metric: acc, max_drop: 20pp}")
    for _ in range(2):
        result = evalguard.check(project / "evalguard.yaml", progress=False)
        assert any("what was registered for" in text for text in result.warnings)


def _loosen(project: Path) -> None:
    thresholds = project / "thresholds" / "release.yaml"
    thresholds.write_text(thresholds.read_text().replace("10pp", "20pp"))


def _symlinked(project: Path, tmp_path_factory) -> Path:
    link = tmp_path_factory.mktemp("link") / "project"
    link.symlink_to(project, target_is_directory=True)
    return link


MOVES = {
    "copied": lambda project, made: shutil.copytree(project, made.mktemp("copy") / "project"),
    "moved": lambda project, made: Path(shutil.move(project, made.mktemp("new") / "project")),
    "linked": _symlinked,
    "another file": lambda project, _: (
        shutil.copy(project / "evalguard.yaml", project / "other.yaml").parent
    ),
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_another_place_is_the_same_project(project, move, tmp_path_factory):
    assert changes(project) == []
    there = move(project, tmp_path_factory)
    if (there / "other.yaml").exists():
        (there / "other.yaml").replace(there / "evalguard.yaml")
    assert changes(there) == []
    _loosen(there)
    (text,) = changes(there)
    assert text.count("is guard max_drop 20pp") == 2


def test_a_checkout_elsewhere_with_the_same_store_is_the_same_project(project, tmp_path_factory):
    there = shutil.copytree(project, tmp_path_factory.mktemp("checkout") / "project")
    assert changes(project) == []
    _loosen(there)
    assert len(changes(there, overrides=[f"store={project / '.evalguard/store.db'}"])) == 1


def test_a_renamed_suite_with_the_same_questions_is_the_same_project(project, edit):
    assert changes(project) == []
    shutil.move(project / "suites/facts.yaml", project / "suites/knowledge.yaml")
    edit("evalguard.yaml", "[general, facts]", "[knowledge]")
    (project / "thresholds/release.yaml").write_text(
        "version: 1\ngates:\n  - {suite: knowledge, metric: exact_match, max_drop: 40pp}\n"
    )
    (text,) = changes(project)
    assert "gate facts/exact_match (guard max_drop 10pp) was removed" in text


def test_projects_that_ask_other_things_do_not_share_what_is_registered(project, edit):
    """Even where they follow each other at one path, as checkouts of a CI do."""
    assert changes(project) == []
    rows = (project / "suites/facts.jsonl").read_text().splitlines()
    (project / "suites/facts.jsonl").write_text("\n".join(rows[:70]) + "\n")
    shutil.move(project / "suites/facts.yaml", project / "suites/knowledge.yaml")
    edit("evalguard.yaml", "[general, facts]", "[knowledge]")
    (project / "thresholds/release.yaml").write_text(
        "version: 1\ngates:\n  - {suite: knowledge, metric: exact_match, max_drop: 40pp}\n"
    )
    result = evalguard.check(project / "evalguard.yaml", progress=False)
    said = [text for text in result.warnings if "under different gates" in text]
    assert [text for text in result.warnings if text.startswith("changed since")] == []
    (text,) = said
    assert "general/acc (guard max_drop 10pp)" in text


def test_what_an_earlier_version_registered_by_path_is_taken_over(project, tmp_path_factory):
    assert changes(project) == []
    with SampleStore(project / ".evalguard" / "store.db") as store:
        ((key, name),) = _registered(project)
        first = store.fingerprint_description(key)[name]
        model = evalguard.check(project / "evalguard.yaml", progress=False).models[-1]
        by_path = {
            "registered for": model.adapter_sha256,
            "by": str((project / "evalguard.yaml").resolve()),
        }
        store.describe_fingerprint(fingerprint(by_path), {REGISTERED: first})
    with sqlite3.connect(project / ".evalguard" / "store.db") as database:
        database.execute("delete from evalguard_facts where name = ?", (name,))
    _loosen(project)
    assert len(changes(project)) == 1
    there = shutil.copytree(project, tmp_path_factory.mktemp("copy") / "project")
    assert len(changes(there)) == 1


def test_the_day_of_the_first_check_is_in_the_result_and_needs_the_store(project):
    assert changes(project) == []
    with SampleStore(project / ".evalguard" / "store.db") as store:
        ((key, name),) = _registered(project)
        first = store.fingerprint_description(key)[name]
        store.describe_fingerprint(key, {name: {**first, "on": "2020-01-02"}})

    def day():
        result = evalguard.check(project / "evalguard.yaml", progress=False)
        return result.environment["first check"]

    assert day() == "harmless 2020-01-02"
    shutil.rmtree(project / ".evalguard")
    assert day() == f"harmless {datetime.now(UTC):%Y-%m-%d}"


def test_a_note_in_the_file_of_the_weights_is_no_other_candidate(project):
    assert changes(project) == []
    file = project / "adapters/harmless/adapter_model.safetensors"
    save_file(load_file(file), file, metadata={"note": "trained again"})
    _loosen(project)
    assert len(changes(project)) == 1
