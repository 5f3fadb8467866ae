"""A look at a model in training changes nothing of what is trained or recorded."""

import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from evalguard.errors import MeasurementError
from evalguard.records import ProbePoint
from evalguard.training.finetune import train
from evalguard.training.untouched import untouched
from tests.training.conftest import MARKED_TEMPLATE, make_tokenizer
from tests.training.test_rows_counted import config_of, rows_of, write


class Meddling:
    """Does at every look what a careless probe could do."""

    def __init__(self):
        self.steps = []

    def start(self, model, tokenizer):
        self._meddle(model, tokenizer)
        self.tokenizer = tokenizer

    def look(self, model, *, step, looks):
        self._meddle(model, self.tokenizer)
        self.steps.append(step)
        return ProbePoint(step=step, scores={"facts": 0.5})

    def _meddle(self, model, tokenizer):
        random.seed(1)
        np.random.seed(1)  # noqa: NPY002
        torch.manual_seed(1)
        torch.rand(3)
        tokenizer.padding_side = "left"
        model.config.use_cache = not model.config.use_cache
        model.generation_config.max_new_tokens = 3
        torch.backends.cudnn.benchmark = not torch.backends.cudnn.benchmark
        torch.set_default_dtype(torch.float64)
        model(input_ids=torch.tensor([[7, 8, 9]]))
        model.train()
        with model.disable_adapter():
            model(input_ids=torch.tensor([[7, 8, 9]]))
        for weight in model.parameters():
            weight.requires_grad_(False)


def config_for(base_folder, method, **training):
    config = config_of(base_folder, method, training={"epochs": 2, **training})
    return config.model_copy(update={"lora": config.lora.model_copy(update={"dropout": 0.2})})


def files_of(trained):
    """Return the adapter's bytes and the recorded curve."""
    return (trained.path / "adapter_model.safetensors").read_bytes(), trained.record.curve


CASES = [
    *((method, steps) for method in ("sft", "dpo", "kto", "simpo") for steps in (1, 2)),
    *(("orpo", 1), ("cpo", 2)),
]


@pytest.mark.parametrize(("method", "accumulation"), CASES)
def test_a_watched_run_is_the_unwatched_one(base_folder, project, method, accumulation):
    write(project, "rows.jsonl", rows_of(method, whole=8))
    config = config_for(base_folder, method, gradient_accumulation=accumulation, batch_size=2)
    alone = files_of(train(config, base_dir=project))
    probe = Meddling()
    watched = train(config, base_dir=project, probe=probe, probe_every=1)
    steps = [point.step for point in alone[1]]
    assert steps == list(range(1, len(steps) + 1))
    assert probe.steps == steps
    assert files_of(watched) == alone
    assert [point.step for point in watched.record.probes] == steps


class KilledError(Exception):
    """Stands for a process that is killed."""


@pytest.mark.parametrize("method", ["sft", "dpo"])
def test_a_resumed_run_keeps_its_looks(base_folder, project, method):
    write(project, "rows.jsonl", rows_of(method, whole=10))
    config = config_of(
        base_folder,
        method,
        data={"validation_share": 0.2},
        training={"epochs": 3, "evaluate_every": 2, "checkpoints": True, "batch_size": 2},
    )
    alone = files_of(train(config, base_dir=project))
    whole = train(config, base_dir=project, probe=Meddling(), probe_every=1)
    assert files_of(whole) == alone

    def killing(progress):
        if progress.step == 5:
            raise KilledError

    with pytest.raises(KilledError):
        train(config, base_dir=project, probe=Meddling(), probe_every=1, on_progress=killing)
    resumed = train(config, base_dir=project, probe=Meddling(), probe_every=1, resume=True)
    assert files_of(resumed) == alone
    assert resumed.record.probes == whole.record.probes


def test_a_stage_that_was_finished_before_keeps_its_looks_and_rows(base_folder, project):
    write(project, "rows.jsonl", rows_of("sft", whole=10))
    write(project, "pairs.jsonl", rows_of("dpo", whole=10))
    training = {"epochs": 1, "checkpoints": True, "batch_size": 2, "max_length": 40}
    plain = config_of(base_folder, "sft", training=training).model_dump(
        mode="json", exclude_unset=True
    )
    then = {
        "method": "dpo",
        "data": {"train": "pairs.jsonl", "validation_share": 0.2},
        "training": training,
    }
    config = type(config_of(base_folder, "sft")).model_validate(plain | {"then": then})
    whole = train(config, base_dir=project, probe=Meddling(), probe_every=2)

    def killing(progress):
        if progress.stage == "dpo" and progress.step == 2:
            raise KilledError

    with pytest.raises(KilledError):
        train(config, base_dir=project, probe=Meddling(), probe_every=2, on_progress=killing)
    resumed = train(config, base_dir=project, probe=Meddling(), probe_every=2, resume=True)
    assert resumed.record.stages == whole.record.stages
    assert resumed.record.probes == whole.record.probes
    assert files_of(resumed) == files_of(whole)
    assert [stage.first_step for stage in whole.record.stages] == [1, 6]


def test_scores_of_a_probe_reach_the_trackers_alone(base_folder, project):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    write(project, "rows.jsonl", rows_of("dpo"))
    config = config_of(base_folder, "dpo", training={"report_to": ["tensorboard"]})
    record = train(config, base_dir=project, probe=Meddling(), probe_every=1).record
    events = EventAccumulator(str(project / "adapters" / "counted.logs" / "dpo")).Reload()
    (tag,) = [tag for tag in events.Tags()["scalars"] if tag.endswith("probe/facts")]
    assert [event.step for event in events.Scalars(tag)] == [1, 2, 3, 4]
    (losses,) = [tag for tag in events.Tags()["scalars"] if tag == "train/loss"]
    assert len(events.Scalars(losses)) == len(record.curve) == 4


def tiny():
    """Return a model with what a look could disturb."""
    model = nn.ModuleDict(
        {
            "frozen": nn.Linear(2, 2).requires_grad_(False),
            "trained": nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5)),
        }
    )
    model.trained[1].eval()  # one part is in another mode than the rest
    model.config = SimpleNamespace(use_cache=True)
    return model


@pytest.mark.parametrize(
    "change",
    [
        lambda model: model.trained[0].weight.data.mul_(2.0),
        lambda model: model.trained[0].weight.grad.zero_(),
        lambda model: model.trained.half(),
        lambda model: setattr(model.trained[0], "weight", nn.Parameter(torch.zeros(2, 2))),
    ],
    ids=["written", "gradient", "cast", "replaced"],
)
def test_a_look_that_changes_a_weight_is_an_error(change):
    model = tiny()
    model.trained[0].weight.grad = torch.ones(2, 2)
    tokenizer = make_tokenizer(MARKED_TEMPLATE)
    with (
        pytest.raises(MeasurementError, match=r"changed the model .*trained\.0"),
        untouched(model, tokenizer),
    ):
        change(model)


def test_each_module_gets_its_own_mode_back_even_after_an_error():
    model = tiny()
    state = torch.get_rng_state()

    def failing_look():
        with untouched(model, make_tokenizer(MARKED_TEMPLATE)):
            assert not model.trained.training
            torch.rand(1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing_look()
    assert model.trained.training
    assert not model.trained[1].training
    assert torch.equal(state, torch.get_rng_state())
