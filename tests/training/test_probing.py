"""Looking at a model while it trains."""

import pytest
import torch
from safetensors.torch import load_file

from evalguard.errors import UsageError
from evalguard.records import ProbePoint
from evalguard.training.finetune import train
from tests.training.test_finetune import make_config


class Scripted:
    """Loses a guard at the looks that it is told to, and notes the weights that it saw."""

    def __init__(self, *lost_at, learned=()):
        self._lost_at = lost_at
        self._learned = learned
        self.seen = []
        self.started = 0

    def start(self, model, tokenizer):
        self.started += 1
        assert not model.training

    def look(self, model, *, step, looks):
        number = len(self.seen)
        weights = {
            name: value.detach().clone()
            for name, value in model.named_parameters()
            if value.requires_grad
        }
        self.seen.append((step, weights))
        return ProbePoint(
            step=step,
            scores={"facts": 0.5},
            lost=("facts",) if number in self._lost_at else (),
            learned=self._learned[number] if self._learned else None,
        )


def trained_with(probe, base_folder, project, **training):
    config = make_config(base_folder, training={"epochs": 1, **training})
    return train(config, base_dir=project, probe=probe, probe_every=2)


def test_two_losses_in_a_row_stop_the_run(base_folder, project):
    probe = Scripted(1, 2)
    record = trained_with(probe, base_folder, project).record
    assert [step for step, _ in probe.seen] == [2, 4, 6]
    assert "facts" in record.stopped
    assert record.curve[-1].step <= 6
    assert record.kept_step == 2
    assert [point.lost for point in record.probes] == [(), ("facts",), ("facts",)]


def test_one_loss_that_heals_stops_nothing(base_folder, project):
    record = trained_with(Scripted(1), base_folder, project).record
    assert record.stopped == ""
    assert record.kept_step is None


def test_the_best_passing_weights_are_what_is_written(base_folder, project):
    probe = Scripted(2, 3, learned=(0.9, 0.4, 0.4, 0.4))
    out = trained_with(probe, base_folder, project)
    assert out.record.kept_step == 2  # learned more than step 4, which passed as well
    kept = load_file(out.path / "adapter_model.safetensors")
    expected = {name.replace(".default", ""): w for name, w in probe.seen[0][1].items()}
    assert kept.keys() == expected.keys()
    assert all(torch.equal(kept[name], expected[name]) for name in kept)


def test_looking_changes_nothing_of_the_training(base_folder, project):
    watched = trained_with(Scripted(), base_folder, project)
    weights = load_file(watched.path / "adapter_model.safetensors")
    config = make_config(base_folder, training={"epochs": 1})
    alone = train(config, base_dir=project)
    expected = load_file(alone.path / "adapter_model.safetensors")
    assert all(torch.equal(weights[name], expected[name]) for name in expected)


def test_curves_and_probe_scores_go_to_tensorboard(base_folder, project):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    trained_with(Scripted(), base_folder, project, report_to=["tensorboard"])
    events = EventAccumulator(str(project / "adapters" / "tickets.logs" / "sft")).Reload()
    tags = set(events.Tags()["scalars"])
    assert {"train/loss", "train/learning_rate", "train/grad_norm"} <= tags
    assert any(tag.endswith("probe/facts") for tag in tags)


def test_a_tracker_that_is_not_installed_is_told_before_training(base_folder, project, monkeypatch):
    monkeypatch.setattr("evalguard.training.trackers.find_spec", lambda _: None)
    with pytest.raises(UsageError, match="pip install mlflow"):
        trained_with(Scripted(), base_folder, project, report_to=["mlflow"])
