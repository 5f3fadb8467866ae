"""Rows that are cut or dropped are counted, told, recorded and limited, for every method."""

import json

import pytest

from evalguard.errors import DataError
from evalguard.records import RowCounts
from evalguard.training.config import TrainingConfig
from evalguard.training.finetune import train
from evalguard.training.lengths import Fate, row_fates
from tests.training.test_finetune import make_config

SHORT, LONG = "what is the sky", "what is the colour of the sky " * 12
METHODS = ("sft", "dpo", "kto", "orpo", "cpo", "simpo")
CUT_ANSWER = {"dpo", "kto", "orpo", "cpo", "simpo"}


def rows_of(method, *, long_prompts=0, long_answers=0, whole=16):
    """Return rows of which so many have no answer, or part of one, within 40 tokens."""
    prompts = [f"{SHORT} {n}" for n in range(whole + long_answers)]
    prompts += [f"{LONG} {n}" for n in range(long_prompts)]
    answers = ["it is blue"] * whole + ["blue and " * 30] * long_answers
    answers += ["it is blue"] * long_prompts
    if method == "sft":
        return [{"prompt": p, "completion": a} for p, a in zip(prompts, answers, strict=True)]
    return [
        {"prompt": p, "chosen": a, "rejected": f"not {n}"}
        for n, (p, a) in enumerate(zip(prompts, answers, strict=True))
    ]


def write(folder, name, rows):
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def config_of(base_folder, method, *, data=None, training=None):
    held_out = {} if data and "validation" in data else {"validation_share": 0}
    plain = {
        "method": method,
        "base": {"model": str(base_folder), "quantization": "none"},
        "data": {"train": "rows.jsonl", **held_out, **(data or {})},
        "lora": {"r": 4},
        "training": {"max_length": 40, "batch_size": 4, "epochs": 1, **(training or {})},
        "output": "adapters/counted",
    }
    return TrainingConfig.model_validate_json(json.dumps(plain))


@pytest.mark.parametrize("method", METHODS)
def test_every_row_is_accounted_for(base_folder, project, method):
    write(project, "rows.jsonl", rows_of(method, long_prompts=3, long_answers=2))
    notes: list[str] = []
    config = config_of(base_folder, method, training={"max_cut_share": 0.5})
    record = train(config, base_dir=project, on_note=notes.append).record
    assert record.stages[0].train == RowCounts(read=21, trained=18, cut=2, dropped=3)
    assert record.rows == 18
    assert f"{method}: 18 of 21 rows trained on (3 dropped, 2 cut)" in notes
    assert all(point.loss is not None for point in record.curve)


@pytest.mark.parametrize("method", METHODS)
def test_more_than_the_tolerated_share_is_an_error(base_folder, project, method):
    write(project, "rows.jsonl", rows_of(method, long_prompts=3))
    with pytest.raises(DataError) as error:
        train(config_of(base_folder, method), base_dir=project)
    message = str(error.value)
    assert "rows.jsonl: 3 of 19 rows (16%)" in message
    assert "rows.jsonl:17 (dropped), " in message
    assert "set training.max_length to " in message


def test_the_length_that_is_named_keeps_all(base_folder, project):
    write(project, "rows.jsonl", rows_of("simpo", long_prompts=2, long_answers=2))
    with pytest.raises(DataError) as error:
        train(config_of(base_folder, "simpo"), base_dir=project)
    named = int(str(error.value).rpartition("training.max_length to ")[2].rstrip("."))
    config = config_of(base_folder, "simpo", training={"max_length": named})
    record = train(config, base_dir=project).record
    assert record.stages[0].train == RowCounts(read=20, trained=20)


@pytest.mark.parametrize("method", METHODS)
def test_nothing_left_is_an_error_whatever_is_tolerated(base_folder, project, method):
    write(project, "rows.jsonl", rows_of(method, long_prompts=4, whole=0))
    with pytest.raises(DataError, match=r"rows.jsonl: no .* has an answer within"):
        train(config_of(base_folder, method, training={"max_cut_share": 1}), base_dir=project)


@pytest.mark.parametrize("method", ["sft", "dpo", "orpo"])
def test_held_out_rows_are_counted_and_limited_too(base_folder, project, method):
    write(project, "rows.jsonl", rows_of(method))
    held_out = rows_of(method, long_prompts=1, whole=4)
    for row in held_out:
        row["prompt"] = "now " + row["prompt"]
    write(project, "held.jsonl", held_out)
    data = {"validation": "held.jsonl"}
    with pytest.raises(DataError, match=r"held.jsonl: 1 of 5 rows \(20%\)"):
        train(config_of(base_folder, method, data=data), base_dir=project)
    config = config_of(base_folder, method, data=data, training={"max_cut_share": 0.2})
    record = train(config, base_dir=project).record
    assert record.stages[0].validation == RowCounts(read=5, trained=4, dropped=1)


def test_training_rows_that_are_held_out_as_well_count_as_dropped(base_folder, project):
    rows = rows_of("sft")
    write(project, "rows.jsonl", rows)
    write(project, "held.jsonl", rows[:2])
    config = config_of(base_folder, "sft", data={"validation": "held.jsonl"})
    record = train(config, base_dir=project).record
    assert record.stages[0].train == RowCounts(read=16, trained=14, dropped=2)
    assert record.rows == 14


def test_a_text_of_one_token_trains_nothing(base_folder, project):
    """Its only token is predicted from nothing."""
    rows = [{"text": f"the sky is blue {n}"} for n in range(8)] + [{"text": "<end>"}]
    write(project, "rows.jsonl", rows)
    config = config_of(base_folder, "sft", training={"max_cut_share": 0.2})
    record = train(config, base_dir=project).record
    assert record.stages[0].train == RowCounts(read=9, trained=8, dropped=1)


def test_replay_is_a_share_of_the_rows_that_are_trained_on(base_folder, project):
    general = rows_of("sft", long_prompts=4, whole=4)
    for row in general:
        row["prompt"] = "say " + row["prompt"]
    write(project, "rows.jsonl", rows_of("sft", whole=8))
    write(project, "general.jsonl", general)
    config = make_config(
        base_folder,
        data={"train": "rows.jsonl", "validation_share": 0},
        replay={"data": "general.jsonl", "share": 0.5},
        training={"max_length": 40, "max_cut_share": 0.5},
    )
    record = train(config, base_dir=project).record
    assert record.rows == 12
    assert record.replay_share == pytest.approx(4 / 12)


def test_a_row_is_cut_when_any_of_its_sequences_is():
    fates = row_fates([0, 0, 1, 1, 2], [(0, True), (0, True), (1, True)], rows=3)
    assert fates == [Fate.WHOLE, Fate.CUT, Fate.DROPPED]
