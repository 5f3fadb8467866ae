"""What is found out before a score counts: the baseline itself, stray files, files that change."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

import evalguard
from evalguard.engines.base import BASE, AdapterCheck
from evalguard.engines.fake import FakeEngine
from evalguard.engines.same_weights import same_model
from evalguard.errors import ModelError
from evalguard.records import Verdict
from evalguard.runner import arms


def check(project: Path, **options: Any):
    return evalguard.check(project / "evalguard.yaml", progress=False, **options)


def reasons(result) -> set[str]:
    assert {gate.verdict for gate in result.gates} == {Verdict.ERROR}
    return {gate.reason for gate in result.gates}


@pytest.fixture
def copy(project, demo_model, edit) -> Path:
    """A candidate of its own that is a copy of the baseline."""
    folder = Path(shutil.copytree(demo_model, project / "models" / "own"))
    edit("evalguard.yaml", "adapter: adapters/harmless", "model: models/own")
    return folder


def test_a_copy_of_the_baseline_is_not_compared_with_it(project, copy):
    assert all("the baseline's own" in reason for reason in reasons(check(project)))


def test_nor_is_one_that_was_saved_again(copy, demo_model):
    weights = load_file(copy / "model.safetensors")
    (copy / "model.safetensors").unlink()
    for number, name in enumerate(weights):
        save_file({name: weights[name]}, copy / f"part-{number}.safetensors", {"step": "9"})
    assert same_model(demo_model, copy)
    first = next(iter(weights))
    save_file({first: weights[first] * 1.001}, copy / "part-0.safetensors")
    assert not same_model(demo_model, copy)


@pytest.mark.parametrize(
    ("key", "value", "same"),
    [("use_cache", "false", True), ("some_new_one", "null", True), ("rms_norm_eps", "0.5", False)],
)
def test_settings_that_change_answers_make_another_model(copy, demo_model, key, value, same):
    config = copy / "config.json"
    config.write_text(config.read_text().rstrip().removesuffix("}") + f', "{key}": {value}}}')
    assert same_model(demo_model, copy) is same


@pytest.mark.parametrize(
    "left_over",
    [
        "checkpoint-500/adapter_model.safetensors",
        "original/model.safetensors",
        "adapter.safetensors",
    ],
)
def test_weights_that_are_not_loaded_make_no_other_model(demo_model, tmp_path, left_over):
    copy = tmp_path / "merged"
    shutil.copytree(demo_model, copy)
    (copy / left_over).parent.mkdir(exist_ok=True)
    weights = load_file(copy / "model.safetensors")
    save_file({f"lora.{name}": value for name, value in weights.items()}, copy / left_over)
    assert same_model(demo_model, copy)


@pytest.mark.parametrize(
    "spec", ["{quantization: none}", "{model: BASE}"], ids=["quantization", "folder"]
)
def test_a_candidate_with_the_baselines_own_settings_is_refused(project, demo_model, edit, spec):
    edit("evalguard.yaml", "{adapter: adapters/harmless}", spec.replace("BASE", str(demo_model)))
    assert all("the baseline's own" in reason for reason in reasons(check(project)))


@pytest.mark.parametrize("where", ["baseline", "candidate"])
def test_a_stray_adapter_in_a_models_folder_is_refused(project, copy, edit, where):
    shutil.copy(project / "adapters/harmful/adapter_config.json", copy)
    if where == "baseline":
        text = (project / "evalguard.yaml").read_text()
        base = text.split("model: ")[1].split("}")[0]
        edit("evalguard.yaml", "model: models/own", "adapter: adapters/harmless")
        edit("evalguard.yaml", base, "models/own")
    with pytest.raises(ModelError, match="an adapter's config in a model's"):
        check(project)


def test_an_adapter_that_is_replaced_while_it_is_loaded_is_not_trusted(project, script):
    class Replaced(FakeEngine):
        def load_adapter(self, name: str, path: str) -> AdapterCheck:
            weights = Path(path) / "adapter_model.safetensors"
            content = weights.read_bytes()
            shutil.copy(project / "adapters/harmful/adapter_model.safetensors", weights)
            try:
                return super().load_adapter(name, path)
            finally:
                weights.write_bytes(content)

    script.opens(lambda _: Replaced({BASE: str.upper}, likelihoods={BASE: lambda *_: -1.0}))
    found = reasons(check(project, overrides=["engine.name=scripted"]))
    assert all("a file changed while" in reason for reason in found)


def test_the_code_that_scores_is_part_of_the_key(tmp_path, monkeypatch):
    package = Path(evalguard.__file__).parent
    for name in ("tasks", "scorers", "runner"):
        shutil.copytree(package / name, tmp_path / name)
    (tmp_path / "__init__.py").touch()
    monkeypatch.setattr(evalguard, "__file__", str(tmp_path / "__init__.py"))

    def digest() -> str:
        arms.scoring_code.cache_clear()
        return arms.scoring_code()

    digests = {digest()}
    for name in ("tasks/kinds/test_set.py", "tasks/benchmark/task.py", "scorers/text.py",
                 "runner/answers.py", "runner/follow.py"):  # fmt: skip
        with (tmp_path / name).open("r+") as file:
            file.seek(0, 2)
            file.write("# changed\n")
        digests.add(digest())
    assert len(digests) == 6
    monkeypatch.undo()
    arms.scoring_code.cache_clear()


def test_questions_that_are_repeated_count_once(project, edit):
    rows = (project / "suites/facts.jsonl").read_text().splitlines()
    edit("evalguard.yaml", "[general, facts]", "[facts]")
    edit(
        "thresholds/release.yaml",
        "  - {name: no forgetting, suite: general, metric: acc, max_drop: 10pp}\n",
        "",
    )

    def verdict(lines: list[str]) -> Verdict:
        (project / "suites/facts.jsonl").write_text("\n".join(lines) + "\n")
        answers = dict(row.split('"')[3::4] for row in lines)

        def answer(prompt: str) -> str:
            return next(target for question, target in answers.items() if question in prompt)

        return check(project, engine=FakeEngine({BASE: answer}), full=True).verdict

    assert verdict(rows) is Verdict.PASS
    assert verdict(rows[:8] * 10) is Verdict.INCONCLUSIVE
