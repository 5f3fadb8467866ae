"""A stage that trains nothing is an error."""

import json
import shutil

import pytest
import torch

from evalguard.errors import DataError, UsageError
from evalguard.training.config import TrainingConfig
from evalguard.training.dataset import build_dataset
from evalguard.training.effect import check_changed, check_rates, weight_sums
from evalguard.training.finetune import train
from tests.training.test_rows_counted import LONG, SHORT, config_of, rows_of, write


def labelled(*labels, prompt=SHORT):
    return [
        {"prompt": f"{prompt} {n}", "completion": "it is blue", "label": label}
        for n, label in enumerate(labels)
    ]


def kto(base_folder, **preference):
    plain = config_of(base_folder, "kto").model_dump(mode="json", exclude_unset=True)
    return TrainingConfig.model_validate_json(json.dumps(plain | {"preference": preference}))


@pytest.mark.parametrize(
    ("method", "training", "rows"),
    [
        ("sft", {"batch_size": 16}, 16),
        ("dpo", {"batch_size": 8, "gradient_accumulation": 4}, 16),
        ("sft", {"warmup_share": 0.99, "epochs": 0.1, "schedule": "constant_with_warmup"}, 16),
        ("simpo", {"schedule": "linear", "epochs": 0.2}, 16),
    ],
)
def test_a_rate_of_zero_at_every_step_is_found_before_the_first(
    base_folder, project, method, training, rows
):
    write(project, "rows.jsonl", rows_of(method, whole=rows))
    seen: list[object] = []
    with pytest.raises(UsageError, match=r"learning rate is 0 at its only step.*warmup_share"):
        train(
            config_of(base_folder, method, training=training),
            base_dir=project,
            on_progress=seen.append,
        )
    assert not seen
    assert not (project / "adapters" / "counted").exists()


def test_one_step_without_warm_up_trains(base_folder, project):
    write(project, "rows.jsonl", rows_of("sft"))
    config = config_of(base_folder, "sft", training={"batch_size": 16, "warmup_share": 0})
    assert len(train(config, base_dir=project).record.curve) == 1


def test_no_step_at_all(base_folder):
    with pytest.raises(UsageError, match="no training step would be taken"):
        check_rates([], config_of(base_folder, "sft"))


@pytest.mark.parametrize(("label", "present"), [(True, "wanted"), (False, "unwanted")])
def test_kto_of_one_class(base_folder, project, label, present):
    write(project, "rows.jsonl", labelled(*[label] * 12))
    with pytest.raises(DataError, match=rf"rows\.jsonl: all 12 answers .* are {present}"):
        train(config_of(base_folder, "kto"), base_dir=project)


def test_kto_left_with_one_class_by_max_length(base_folder, project):
    rows = labelled(*[True] * 12) + labelled(False, False, prompt=LONG)
    write(project, "rows.jsonl", rows)
    config = config_of(base_folder, "kto", training={"max_cut_share": 0.5})
    with pytest.raises(DataError, match="all 12 answers"):
        train(config, base_dir=project)


def test_kto_left_with_one_class_by_the_split(base_folder, project):
    write(project, "rows.jsonl", labelled(*[True] * 6, False))
    configs = (
        config_of(base_folder, "kto", data={"validation_share": 0.4}, training={"seed": seed})
        for seed in range(20)
    )
    config = next(
        config
        for config in configs
        if all(
            row.good
            for row in build_dataset(config, base_dir=project, seed=config.training.seed).train
        )
    )
    with pytest.raises(DataError, match="are wanted, and none is unwanted"):
        train(config, base_dir=project)


def test_kto_badly_out_of_balance_is_a_warning_that_its_own_advice_ends(base_folder, project):
    write(project, "rows.jsonl", labelled(*[True] * 12, False, False))
    notes: list[str] = []
    record = train(kto(base_folder), base_dir=project, on_note=notes.append).record
    assert record.warnings == tuple(note[2:] for note in notes if note.startswith("! "))
    (warning,) = record.warnings
    assert "12 wanted and 2 unwanted answers at weights of 1 and 1" in warning
    assert "preference.undesirable_weight to about 6" in warning
    balanced = train(kto(base_folder, undesirable_weight=6.0), base_dir=project)
    assert balanced.record.warnings == ()
    assert balanced.record.curve[-1].loss != record.curve[-1].loss


def test_a_template_that_writes_the_date_is_a_warning(base_folder, project, tmp_path):
    dated = tmp_path / "dated"
    shutil.copytree(base_folder, dated)
    template = dated / "chat_template.jinja"
    template.write_text("{{ strftime_now('%d %b %Y') }} " + template.read_text())
    write(project, "rows.jsonl", labelled(*[True, False] * 6))
    (warning,) = train(kto(dated), base_dir=project).record.warnings
    assert "writes the current date or time into each prompt" in warning
    assert train(kto(base_folder), base_dir=project).record.warnings == ()


def test_gradients_that_are_zero_throughout(base_folder, project, monkeypatch):
    def flat(trainer):
        compute = trainer.compute_loss
        trainer.compute_loss = lambda *args, **kwargs: 0.0 * compute(*args, **kwargs)

    monkeypatch.setattr("evalguard.training.stages.explain_nonfinite", flat)
    write(project, "rows.jsonl", rows_of("dpo"))
    with pytest.raises(UsageError, match=r"gradients were zero at all 4 steps"):
        train(config_of(base_folder, "dpo"), base_dir=project)


def test_a_rate_too_small_for_the_weights(base_folder, project):
    write(project, "rows.jsonl", rows_of("sft"))
    plain = config_of(base_folder, "sft").model_dump(mode="json", exclude_unset=True)
    del plain["lora"]
    plain["tuner"] = "ia3"  # its weights begin at 1, where float32 ends at 1e-7
    plain["training"] |= {"learning_rate": 1e-12}
    config = TrainingConfig.model_validate_json(json.dumps(plain))
    with pytest.raises(UsageError, match=r"bit-identical.*learning rate 1e-12"):
        train(config, base_dir=project)


def test_one_bit_is_a_change(base_folder):
    model = torch.nn.Linear(64, 64).to(torch.bfloat16)
    before = weight_sums(model)
    with torch.no_grad():
        model.weight.view(torch.int16)[3, 5] ^= 1
    stage = config_of(base_folder, "sft")
    check_changed(before, weight_sums(model), stage=stage, grad_norms=[1.0])
    with pytest.raises(UsageError, match="all 2 trained tensors"):
        check_changed(before, before, stage=stage, grad_norms=[1.0])
