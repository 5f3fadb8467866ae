"""What TRL's preference trainers are given: tools and calls of each row, one BOS, one end."""

from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

from evalguard.errors import DataError, ModelError
from evalguard.quiet import quiet
from evalguard.training.config import Data, Stage, Training
from evalguard.training.dataset import Dataset
from evalguard.training.formats import read
from evalguard.training.methods import MethodName
from evalguard.training.preference_rows import labelled_rows, pair_rows
from evalguard.training.rendering import ChatRenderer
from evalguard.training.rows import RawRow
from evalguard.training.trainers import build_stage
from tests.training.conftest import MARKED_TEMPLATE, make_tokenizer
from tests.training.real_templates import adds_bos, real

ASKED = {"role": "user", "content": "what is 2 + 2"}
TOOLS = [{"type": "function", "function": {"name": "add", "parameters": {"properties": {"a": {}}}}}]


def call(**arguments: Any) -> dict[str, Any]:
    function = {"name": "add", "arguments": arguments}
    calls = [{"type": "function", "function": function}]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def examples(*rows: dict[str, Any]):
    found = read([RawRow("d.jsonl", i, row) for i, row in enumerate(rows, start=1)])
    assert not found.problems
    return found.examples


PLAIN = {"prompt": "hi", "chosen": "hello", "rejected": "go away"}
CALLS = {"prompt": [ASKED], "chosen": call(a=2), "rejected": call(b="2"), "tools": TOOLS}


def test_messages_keep_their_own_keys_and_tools():
    plain, calls = pair_rows(examples(PLAIN, CALLS), real("qwen2_5"))
    assert plain["chosen"] == [{"role": "assistant", "content": "hello"}]
    assert plain["tools"] == "null"
    assert calls["chosen"][0]["tool_calls"][0]["function"]["arguments"] == {"a": 2}
    assert calls["rejected"][0]["tool_calls"][0]["function"]["arguments"] == {"b": "2"}
    assert '"name": "add"' in calls["tools"]


def test_texts_hold_the_tools_and_one_end():
    tokenizer = real("qwen2_5")
    (row,) = pair_rows(examples(CALLS), tokenizer, as_text=True)
    assert '"name": "add"' in row["prompt"]
    assert row["prompt"].endswith("<|im_start|>assistant\n")
    assert '{"name": "add", "arguments": {"a": 2}}' in row["chosen"]
    assert row["chosen"].endswith("<|im_end|>")


def test_a_bos_that_the_template_does_not_write_is_left_to_the_tokenizer():
    tokenizer = make_tokenizer(MARKED_TEMPLATE)
    assert pair_rows(examples(PLAIN), tokenizer)[0]["prompt"] == [{"role": "user", "content": "hi"}]
    adds_bos(tokenizer, "<s>")
    row = pair_rows(examples(PLAIN), tokenizer)[0]
    assert row == {"prompt": "<user>hi<end><assistant>", "chosen": "hello<end>"} | {
        "rejected": "go away<end>"
    }


def test_labelled_answers_of_both_kinds():
    single = {"prompt": "hi", "completion": "hello", "label": 0}
    (row,) = labelled_rows(examples(single), real("qwen2_5"))
    assert row["label"] is False
    both = labelled_rows(examples(CALLS), real("qwen2_5"))
    assert [row["label"] for row in both] == [True, False]
    assert all('"add"' in row["tools"] for row in both)


@pytest.mark.parametrize("as_text", [True, False])
def test_what_the_template_ignores_or_refuses_is_an_error(as_text):
    with pytest.raises(DataError, match=r"d.jsonl:1: .*ignores the row's 'tools'.*'tool_calls'"):
        pair_rows(examples(CALLS), make_tokenizer(MARKED_TEMPLATE), as_text=as_text)
    system = {**PLAIN, "system": "be brief"}
    with pytest.raises(DataError, match=r"d.jsonl:2: .*System role not supported"):
        pair_rows(examples(PLAIN, system), real("gemma"), as_text=as_text)


def test_a_base_without_template_takes_one_plain_text():
    assert pair_rows(examples(PLAIN), make_tokenizer(None))[0]["chosen"] == "hello"
    for row in (CALLS, {**PLAIN, "system": "be brief"}):
        with pytest.raises(ModelError, match=r"d.jsonl:1: the base has no chat template"):
            pair_rows(examples(row), make_tokenizer(None))


@pytest.mark.parametrize("method", ["dpo", "kto", "orpo", "cpo", "simpo"])
@pytest.mark.parametrize("name", ["qwen2_5", "llama3_1"])
def test_trl_sees_the_tokens_of_the_gate_with_tools_and_calls(method, name, tmp_path):
    tokenizer = real(name)
    rows = tuple(examples(CALLS, {**PLAIN, "system": "be brief"}))
    trainer = built(method, tokenizer, rows, tmp_path)
    renderer = ChatRenderer(tokenizer)
    for example, row in zip(rows, sequences(trainer.train_dataset, method), strict=True):
        messages = (*example.messages, *example.chosen)
        answer = renderer.answer(example.where, messages, example.tools)
        prompt, whole = renderer.ids(answer.prompt), renderer.ids(answer.whole)
        end = len(whole) - whole[::-1].index(tokenizer.eos_token_id)
        assert row[0][: len(prompt)] == prompt
        assert row[0][:end] == whole[:end]
        assert row[0].count(tokenizer.eos_token_id) == whole.count(tokenizer.eos_token_id)
        assert row[1] == len(prompt)


def built(method: MethodName, tokenizer: Any, rows: Any, folder: Any) -> Any:
    """Return the trainer of a method."""
    stage = Stage(method=method, data=Data(train="d.jsonl"), training=Training(max_length=2048))
    model = tiny_model(len(tokenizer))
    with quiet():
        return build_stage(model, tokenizer, Dataset(rows, ()), stage, folder=folder).trainer


def sequences(data: Any, method: str) -> list[tuple[list[int], int]]:
    """Return the tokens of each preferred answer with its prompt, and the prompt's length."""
    if method == "dpo":
        return [(r["prompt_ids"] + r["chosen_ids"], len(r["prompt_ids"])) for r in data]
    if method == "kto":
        wanted = [r for r in data if r["label"]]
        return [(r["prompt_ids"] + r["completion_ids"], len(r["prompt_ids"])) for r in wanted]
    return [(r["chosen_input_ids"], r["chosen_labels"].count(-100)) for r in data]


def tiny_model(vocabulary: int) -> Any:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=1,
        num_key_value_heads=1,
    )
    return get_peft_model(LlamaForCausalLM(config), LoraConfig(task_type="CAUSAL_LM", r=1))


def with_bos(*, added: bool = False, written: bool = False):
    """Return a tokenizer with a BOS, which it adds to texts, its template writes, or neither."""
    template = "<s>" + MARKED_TEMPLATE if written else MARKED_TEMPLATE
    tokenizer = make_tokenizer(template)
    tokenizer.add_special_tokens({"bos_token": "<s>"})
    if added:
        adds_bos(tokenizer, "<s>")
    return tokenizer


@pytest.mark.parametrize("method", ["orpo", "cpo", "simpo"])
@pytest.mark.parametrize(
    "where", [{}, {"added": True}, {"written": True}, {"added": True, "written": True}]
)
def test_pairs_begin_as_the_prompts_of_the_gate_do(method, where, tmp_path):
    tokenizer = with_bos(**where)
    trainer = built(method, tokenizer, tuple(examples(PLAIN)), tmp_path)
    wanted = ChatRenderer(tokenizer).ids(
        tokenizer.apply_chat_template(
            [{"role": "user", "content": "hi"}], tokenize=False, add_generation_prompt=True
        )
    )
    for side in ("chosen", "rejected"):
        row = trainer.train_dataset[0]
        ids, labels = row[f"{side}_input_ids"], row[f"{side}_labels"]
        assert ids[: len(wanted)] == wanted
        assert [one != -100 for one in labels] == [False] * len(wanted) + [True] * (
            len(ids) - len(wanted)
        )
        assert ids.count(tokenizer.bos_token_id) == (1 if where else 0)
        assert len(row[f"{side}_attention_mask"]) == len(ids)


def test_a_bos_in_some_texts_is_refused(tmp_path):
    tokenizer = with_bos()
    tokenizer.chat_template = None
    rows = tuple(examples(PLAIN, {**PLAIN, "prompt": "<s>hi"}))
    with pytest.raises(DataError, match=r"d.jsonl:2: begins with '<s>'"):
        built("orpo", tokenizer, rows, tmp_path)
