"""Tokenizers and chat templates of two arms: every difference of content is found."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from evalguard.engines.chat import PromptTokenizer
from evalguard.errors import ModelError, TrustError


@pytest.fixture
def folder(demo_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(demo_model, tmp_path / "other"))


def check(demo_model: Path, folder: Path) -> None:
    PromptTokenizer(str(demo_model)).check_same(PromptTokenizer(str(folder)), str(folder))


def edit(folder: Path, change) -> None:
    file = folder / "tokenizer.json"
    data = json.loads(file.read_text())
    change(data)
    file.write_text(json.dumps(data))


def test_a_copy_is_the_same(demo_model, folder):
    check(demo_model, folder)


def test_padding_and_the_order_of_keys_do_not_matter(demo_model, folder):
    edit(folder, lambda data: data.update(padding=None, truncation=None))
    data = json.loads((folder / "tokenizer.json").read_text())
    (folder / "tokenizer.json").write_text(json.dumps(dict(reversed(data.items())), indent=3))
    check(demo_model, folder)


def swap(data):
    vocabulary = data["model"]["vocab"]
    one, two = [name for name in vocabulary if name.isalpha() and len(name) > 3][-2:]
    vocabulary[one], vocabulary[two] = vocabulary[two], vocabulary[one]


def replace_letters(data):
    data["normalizer"] = {"type": "Replace", "pattern": {"String": "z"}, "content": "q"}


def split_otherwise(data):
    data["post_processor"] = None
    data["pre_tokenizer"] = {"type": "Whitespace"}


def add(data):
    token = {"id": 7, "content": "the fox", "single_word": False, "lstrip": False,
             "rstrip": False, "normalized": False, "special": False}  # fmt: skip
    data["added_tokens"].append(token)


@pytest.mark.parametrize("change", [swap, replace_letters, split_otherwise, add])
def test_a_vocabulary_that_the_probes_lack_is_compared(demo_model, folder, change):
    edit(folder, change)
    with pytest.raises(TrustError, match="tokenizer differs"):
        check(demo_model, folder)


@pytest.mark.parametrize("key", ["bos_token", "eos_token"])
def test_another_token_that_begins_or_ends_texts_is_named(demo_model, folder, key):
    config = json.loads((folder / "tokenizer_config.json").read_text()) | {key: "<|user|>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    with pytest.raises(TrustError, match=key):
        check(demo_model, folder)


@pytest.mark.parametrize(
    "before",
    [
        "{%- if messages[0].role == 'system' -%}{%- set messages = messages[1:] -%}{%- endif -%}",
        "{%- if 'fox' in messages[-1].content -%}Say no.{%- endif -%}",
        "{%- if messages|length == 1 -%}Hm.{%- endif -%}",
        "{%- if messages|length > 7 -%}Hm.{%- endif -%}",
    ],
    ids=["system", "word", "single", "long"],
)
def test_templates_are_compared_by_their_source(demo_model, folder, before):
    file = folder / "chat_template.jinja"
    file.write_text(before + file.read_text())
    with pytest.raises(TrustError, match="chat template differs"):
        check(demo_model, folder)


def test_a_missing_template_is_another_one(demo_model, folder):
    (folder / "chat_template.jinja").unlink()
    with pytest.raises(TrustError, match="chat template differs"):
        check(demo_model, folder)


def test_what_trainers_add_to_a_template_renders_nothing_and_does_not_count(demo_model, folder):
    file = folder / "chat_template.jinja"
    text = file.read_text()
    plain = text.replace("{%- generation -%}", "").replace("{%- endgeneration -%}", "")
    assert plain != text
    file.write_text(plain)
    check(demo_model, folder)


@pytest.mark.parametrize(
    "template",
    [
        "{{ messages.__class__.__mro__ }}",
        "{% for i in range(99999999) %}{{ i }}{% endfor %}",
        "{{ raise_exception('no chats here') }}",
        "{{ 1 // 0 }}",
        "{{ messages[9].content + 1 }}",
    ],
)
def test_a_template_that_cannot_be_rendered_is_an_error_that_names_the_model(folder, template):
    (folder / "chat_template.jinja").write_text(template)
    tokenizer = PromptTokenizer(str(folder))
    with pytest.raises(ModelError, match="other: its chat template cannot be rendered"):
        tokenizer.render([{"role": "user", "content": "Hi"}])


def test_half_a_surrogate_pair_is_counted_as_a_character(demo_model):
    assert PromptTokenizer(str(demo_model)).count("yes \ud800") >= 2
