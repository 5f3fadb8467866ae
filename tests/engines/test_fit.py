"""An adapter of another base is told by what differs, before any weight is loaded."""

import pytest
import torch

from evalguard.engines.adapter_config import CONFIG_NAME
from evalguard.engines.adapter_files import read_adapter
from evalguard.engines.base import EngineSettings
from evalguard.engines.fit import check_fit, origin_notes
from evalguard.engines.modules import bare_model, check_modules
from evalguard.errors import ModelError
from tests.engines.conftest import edit_config, make_adapter, rewrite


@pytest.mark.parametrize(
    "options",
    [
        {"target_modules": "all-linear"},
        {"target_modules": ["q_proj", "embed_tokens", "lm_head"]},
        {"modules_to_save": ["lm_head"]},
        {"use_dora": True},
    ],
)
def test_an_adapter_of_the_base_fits(base, tmp_path, options):
    make_adapter(base, tmp_path, seed=3, **options)
    check_fit(read_adapter(tmp_path), base)


def test_a_layer_that_the_base_lacks_is_named(base, copied):
    rewrite(copied, lambda name, tensor: (name.replace("layers.1", "layers.7"), tensor))
    with pytest.raises(ModelError, match=r"model\.layers\.7\.\S+', a layer that this base"):
        check_fit(read_adapter(copied), base)


def test_a_wider_input_is_named(base, copied):
    rewrite(
        copied,
        lambda name, t: (name, torch.cat([t, t], 1) if "q_proj.lora_A" in name else t),
    )
    with pytest.raises(ModelError, match="q_proj' has size 128 in the base and 256 in the adapter"):
        check_fit(read_adapter(copied), base)


def test_a_wider_output_is_named(base, copied):
    rewrite(
        copied,
        lambda name, t: (name, torch.cat([t, t], 0) if "down_proj.lora_B" in name else t),
    )
    with pytest.raises(ModelError, match="down_proj' has size 128 in the base and 256"):
        check_fit(read_adapter(copied), base)


def test_another_vocabulary_is_named(base, tmp_path):
    make_adapter(base, tmp_path, seed=3, modules_to_save=["lm_head"])
    rewrite(tmp_path, lambda name, t: (name, t[:300] if "lm_head" in name else t))
    with pytest.raises(ModelError, match=r"'lm_head' has vocabulary \d{4}×128 .* and 300×128"):
        check_fit(read_adapter(tmp_path), base)


def test_names_of_another_scheme_are_left_to_the_engine(base, copied):
    rewrite(copied, lambda name, t: (name.replace("model.layers", "language_model.layers"), t))
    check_fit(read_adapter(copied), base)


def test_another_origin_or_revision_is_noted(base, copied):
    edit_config(copied, base_model_name_or_path="someone/llama", revision="abc")
    assert origin_notes(read_adapter(copied), "someone/llama", "abc") == ()
    [note] = origin_notes(read_adapter(copied), "someone/llama")
    assert note == "its config names revision 'abc' of its base, but 'main' is loaded"
    [note] = origin_notes(read_adapter(copied), str(base))
    assert note.startswith("its config names 'someone/llama' as its base")


def test_an_error_of_peft_comes_with_the_settings_that_few_adapters_have(base, copied):
    edit_config(copied, use_bdlora={"nblocks": 2, "target_modules_bd_a": ["nope"]})
    with pytest.raises(ModelError, match=rf"does not fit .*{CONFIG_NAME} sets use_bdlora\. It was"):
        check_modules(read_adapter(copied), bare_model(EngineSettings(model=str(base))))


def test_modules_that_could_be_changed_are_named_as_the_base_calls_them(base, copied):
    edit_config(copied, trainable_token_indices={"nope": [1]})
    with pytest.raises(ModelError, match=r"trainable_token_indices \{\"nope\"") as caught:
        check_modules(read_adapter(copied), bare_model(EngineSettings(model=str(base))))
    assert "base_layer" not in str(caught.value)
    assert "q_proj" in str(caught.value)
