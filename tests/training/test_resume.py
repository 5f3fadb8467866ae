import pytest
import torch
from safetensors.torch import load_file

from evalguard.errors import UsageError
from evalguard.training.finetune import train
from evalguard.training.watch import TrainingProgress
from tests.training.test_finetune import make_config
from tests.training.test_methods import PREFERENCE, pairs  # noqa: F401


class KilledError(Exception):
    """Stands for a process that is killed."""


def kill_at(stage, step):
    def on_progress(progress):
        if progress.stage == stage and progress.step == step:
            raise KilledError

    return on_progress


def weights(path):
    return load_file(path / "adapter_model.safetensors")


def losses(record):
    return [(p.step, p.loss, p.eval_loss) for p in record.curve]


def with_checkpoints(base_folder, **changes):
    training = {"epochs": 1, "evaluate_every": 3, "checkpoints": True}
    # Dropout draws random numbers at every step: a resumed run must draw the same.
    return make_config(base_folder, training=training, lora={"dropout": 0.1}, **changes)


def test_a_resumed_run_equals_an_uninterrupted_one(base_folder, project):
    config = with_checkpoints(base_folder)
    whole = train(config, base_dir=project)
    expected = weights(whole.path)
    with pytest.raises(KilledError):
        train(config, base_dir=project, on_progress=kill_at("sft", 8))
    assert (project / "adapters" / ".tickets.checkpoints" / "stage-1" / "checkpoint-6").is_dir()
    resumed = train(config, base_dir=project, resume=True)
    assert losses(resumed.record) == losses(whole.record)
    assert all(torch.equal(expected[name], weights(resumed.path)[name]) for name in expected)
    assert [each.name for each in resumed.path.parent.iterdir()] == ["tickets"]


def test_a_run_killed_in_its_second_stage_does_not_repeat_the_first(
    base_folder,
    pairs,  # noqa: F811
):
    then = {**PREFERENCE, "method": "dpo"}
    then["training"] = {**then["training"], "epochs": 1, "evaluate_every": 2, "checkpoints": True}
    config = with_checkpoints(base_folder, then=then)
    whole = train(config, base_dir=pairs)
    expected = weights(whole.path)
    with pytest.raises(KilledError):
        train(config, base_dir=pairs, on_progress=kill_at("dpo", 3))
    seen: list[TrainingProgress] = []
    resumed = train(config, base_dir=pairs, on_progress=seen.append, resume=True)
    assert {progress.stage for progress in seen} == {"dpo"}
    assert min(progress.step for progress in seen) == 3
    assert losses(resumed.record) == losses(whole.record)
    assert all(torch.equal(expected[name], weights(resumed.path)[name]) for name in expected)


def test_resume_refuses_another_config(base_folder, project):
    with pytest.raises(KilledError):
        train(with_checkpoints(base_folder), base_dir=project, on_progress=kill_at("sft", 7))
    other = with_checkpoints(base_folder, replay={"share": 0.3})
    with pytest.raises(UsageError, match="a different config or different data"):
        train(other, base_dir=project, resume=True)


def test_nothing_to_resume(base_folder, project):
    with pytest.raises(UsageError, match="no interrupted run"):
        train(make_config(base_folder), base_dir=project, resume=True)


def test_without_checkpoints_a_killed_run_leaves_nothing(base_folder, project):
    with pytest.raises(KilledError):
        train(make_config(base_folder), base_dir=project, on_progress=kill_at("sft", 7))
    assert not list((project / "adapters").iterdir())
