"""Fingerprints: equal for equal bytes wherever they lie, another one for any changed byte."""

import json
import os
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalguard.errors import ModelError, UsageError
from evalguard.store import (
    file_hashes,
    file_sha256,
    fingerprint,
    folder_fingerprint,
    folder_state,
    model_parts,
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SETTINGS = {
    "dtype": "float32",
    "quantization": "none",
    "engine": "hf",
    "engine_version": {"torch": "2.13.0"},
    "engine_options": {"max_length": None},
}

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)  # fmt: skip


@pytest.fixture
def model(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    for name in ("model.safetensors", "config.json", "tokenizer.json", "chat_template.jinja"):
        (folder / name).write_text(f"content of {name}")
    return folder


def of(model, **changes) -> str:
    return fingerprint(model_parts(str(model), **{**SETTINGS, **changes}))


@given(st.dictionaries(st.text(max_size=5), plain))
def test_the_order_of_keys_does_not_matter(parts):
    assert fingerprint(dict(reversed(parts.items()))) == fingerprint(parts)


@given(st.dictionaries(st.text(max_size=5), plain), st.text(max_size=5), plain)
def test_any_changed_value_matters(parts, key, value):
    # 0 equals False and 1.0 equals 1 in Python; as settings they are not the same.
    same = key in parts and repr(parts[key]) == repr(value)
    assert (fingerprint({**parts, key: value}) == fingerprint(parts)) is same


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"bytes"])
def test_what_has_no_plain_form_is_refused(value):
    with pytest.raises(UsageError, match="cannot be fingerprinted"):
        fingerprint({"value": value})


def test_a_folder_counts_by_its_bytes_and_not_by_its_place(model, tmp_path):
    copy = shutil.copytree(model, tmp_path / "elsewhere" / "copy")
    (copy / "README.md").write_text("about")
    (copy / "evalguard_training.json").write_text("{}")
    (copy / "optimizer.pt").write_text("state")
    (copy / "checkpoint-10").mkdir()
    (copy / "checkpoint-10" / "model.safetensors").write_text("older")
    assert folder_fingerprint(copy) == folder_fingerprint(model)
    assert of(copy) == of(model)


@pytest.mark.parametrize(
    "name",
    [
        "model.safetensors",
        "config.json",
        "tokenizer.json",
        "chat_template.jinja",
        "generation_config.json",
        "merges.txt",
        "unheard_of.bin",
        "additional_chat_templates/tools.jinja",
        "code/modeling.py",
    ],
)
def test_any_changed_or_added_file_counts(model, name):
    before = folder_fingerprint(model)
    file = model / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(file.read_text() + " " if file.exists() else "new")
    assert folder_fingerprint(model) != before


def test_a_renamed_file_counts(model):
    before = folder_fingerprint(model)
    (model / "tokenizer.json").rename(model / "tokenizer_config.json")
    assert folder_fingerprint(model) != before


@pytest.mark.parametrize(
    "change",
    [
        {"dtype": "bfloat16"},
        {"quantization": "nf4"},
        {"engine": "vllm"},
        {"engine_version": {"torch": "2.13.1"}},
        {"engine_options": {"max_length": 512}},
    ],
)
def test_every_setting_counts(model, change):
    assert of(model, **change) != of(model)


def test_the_adapter_and_the_tokenizer_count_by_their_bytes(model, tmp_path):
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_model.safetensors").write_bytes(b"\0" * 100)
    with_adapter = of(model, adapter=str(adapter))
    assert with_adapter != of(model)
    assert of(model, tokenizer=str(adapter)) not in (with_adapter, of(model))
    (adapter / "adapter_model.safetensors").write_bytes(b"\0" * 99 + b"\1")
    assert of(model, adapter=str(adapter)) != with_adapter


def test_a_single_file_is_a_model(tmp_path):
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    before = of(tmp_path / "model.gguf")
    (tmp_path / "model.gguf").write_bytes(b"GGUf")
    assert of(tmp_path / "model.gguf") != before


def test_a_hub_model_needs_an_immutable_revision(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert of("org/model", revision=COMMIT) != of("org/model", revision=COMMIT[::-1])
    for revision, says in ((None, "no revision is given"), ("main", "'main' may move")):
        with pytest.raises(UsageError, match=says) as caught:
            of("org/model", revision=revision)
        assert "Write revision: COMMIT (40 hex digits)" in str(caught.value)


def test_the_cached_commit_of_a_moving_revision_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    repository = tmp_path / "models--org--model"
    for name, text in {"refs/main": COMMIT, f"snapshots/{COMMIT}/config.json": "{}"}.items():
        (repository / name).parent.mkdir(parents=True)
        (repository / name).write_text(text)
    with pytest.raises(UsageError, match=f"currently {COMMIT}"):
        of("org/model")


@pytest.mark.parametrize("place", ["./missing", "/missing/model", "~/missing"])
def test_a_missing_folder_is_not_taken_for_a_hub_name(place):
    with pytest.raises(ModelError, match="no such folder"):
        of(place, revision=COMMIT)


def test_an_empty_folder_is_no_model(tmp_path):
    (tmp_path / "README.md").write_text("about")
    with pytest.raises(ModelError, match="holds no model files"):
        folder_fingerprint(tmp_path)


@pytest.fixture
def reads(monkeypatch):
    """List the files that are read for their hash."""
    read = []

    def counting(path):
        read.append(path.name)
        return file_sha256(path)

    monkeypatch.setattr(file_hashes, "file_sha256", counting)
    monkeypatch.setattr(file_hashes, "_SETTLED_SECONDS", 0.0)
    return read


def test_a_file_is_read_once_until_it_is_touched(store, model, reads):
    weights = model / "model.safetensors"
    first = store.folder_fingerprint(model)
    assert first == folder_fingerprint(model)
    assert len(reads) == 4
    assert store.folder_fingerprint(model) == first
    assert len(reads) == 4

    before = weights.stat()
    weights.write_bytes(weights.read_bytes().upper())
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert weights.stat().st_size == before.st_size
    assert store.folder_fingerprint(model) == folder_fingerprint(model) != first
    assert reads[4:] == ["model.safetensors"]


def test_a_file_that_has_just_changed_is_not_remembered(store, model, reads, monkeypatch):
    monkeypatch.setattr(file_hashes, "_SETTLED_SECONDS", 60.0)
    store.folder_fingerprint(model)
    store.folder_fingerprint(model)
    assert len(reads) == 8


def test_a_replaced_file_is_read_again(store, model, reads):
    weights = model / "model.safetensors"
    store.file_sha256(weights)
    other = weights.with_name("other")
    other.write_bytes(weights.read_bytes()[::-1])
    before = weights.stat()
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(weights)
    store.file_sha256(weights)
    assert reads == ["model.safetensors"] * 2


def test_the_store_notes_what_a_fingerprint_was_made_of(store, model):
    key = store.model_fingerprint(str(model), **SETTINGS)
    assert key == of(model)
    described = store.fingerprint_description(key)
    assert described["dtype"] == "float32"
    assert set(described["model"]) == {
        "model.safetensors", "config.json", "tokenizer.json", "chat_template.jinja",
    }  # fmt: skip


def test_a_missing_file_is_named(store, tmp_path):
    with pytest.raises(ModelError, match="cannot be read: No such file"):
        store.file_sha256(tmp_path / "missing.safetensors")


INDEX = "model.safetensors.index.json"


@pytest.mark.parametrize(
    "shard",
    ["parts/a.safetensors", ".hidden/a.safetensors", ".a.safetensors", "optimizer.bin", "notes.md"],
)
def test_weights_that_an_index_names_count_wherever_they_are(model, shard):
    (model / shard).parent.mkdir(exist_ok=True)
    (model / shard).write_text("weights")
    (model / INDEX).write_text(json.dumps({"weight_map": {"a": shard}}))
    before = of(model)
    (model / shard).write_text("others!")
    assert of(model) != before


@pytest.mark.parametrize("name", [".a.safetensors", "optimizer.safetensors"])
def test_weights_count_under_names_that_are_left_out_otherwise(model, name):
    (model / name).write_text("weights")
    before = of(model)
    (model / name).write_text("others!")
    assert of(model) != before


@pytest.mark.parametrize("text", ["", "[]", "{", '{"weight_map": [1]}', '{"weight_map": {"a": 1}}'])
def test_a_broken_index_is_its_loaders_to_refuse(model, text):
    (model / INDEX).write_text(text)
    assert of(model)


def test_beside_code_every_file_counts_as_code_may_open_it(model):
    (model / "sub").mkdir()
    (model / "sub" / "table.txt").write_text("1")
    before = of(model)
    (model / "sub" / "table.txt").write_text("2")
    assert of(model) == before, "no loader opens it"
    (model / "modeling.py").write_text("")
    before = of(model)
    (model / "sub" / "table.txt").write_text("3")
    assert of(model) != before


def test_a_file_that_is_replaced_and_put_back_changes_the_state_of_its_folder(model):
    before = folder_state(model)
    assert folder_state(model) == before
    content = (model / "model.safetensors").read_text()
    (model / "model.safetensors").write_text("others")
    (model / "model.safetensors").write_text(content)
    assert folder_state(model) != before
