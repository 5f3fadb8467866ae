import pytest

from evalguard.errors import ConfigError
from evalguard.training import load_training_config

WORKING = """\
version: 1
method: sft
base: {model: models/tiny, quantization: nf4, revision: null}
data: {train: data/tickets.jsonl, validation_share: 0.05}
replay: {data: data/general.jsonl, share: 0.7}
lora: {r: 8, alpha: 16, dropout: 0.0, target_modules: all-linear}
training: {learning_rate: 2e-3, epochs: 4, batch_size: 16, gradient_accumulation: 1,
  max_length: 256, schedule: cosine, warmup_share: 0.05, weight_decay: 0.0, max_grad_norm: 1.0,
  seed: 0}
output: adapters/tickets
"""


@pytest.fixture
def write(tmp_path):
    (tmp_path / "data").mkdir()
    for name in ("tickets", "general"):
        (tmp_path / "data" / f"{name}.jsonl").write_text("{}\n")

    def write(text):
        path = tmp_path / "tickets.yaml"
        path.write_text(text)
        return path

    return write


def test_a_whole_config(write):
    config = load_training_config(write(WORKING))
    assert config.training.learning_rate == 2e-3
    assert config.replay is not None
    assert config.replay.share == 0.7
    assert config.lora.target_modules == "all-linear"


def test_all_problems_are_listed_at_once_with_the_nearest_right_name(write):
    text = WORKING.replace("nf4", "nf5").replace("epochs: 4", "epoch: 4").replace("0.7", "1.7")
    with pytest.raises(ConfigError) as error:
        load_training_config(write(text))
    message = str(error.value)
    assert "3 problems" in message
    assert "base.quantization: must be nf4, int8 or none" in message
    assert "Did you mean 'nf4'?" in message
    assert "training.epoch: unknown key. Did you mean 'epochs'?" in message
    assert "replay.share: must be less than 1, found 1.7" in message


def test_data_files_that_are_not_there_are_all_named(write):
    text = WORKING.replace("tickets.jsonl", "x.jsonl").replace("general.jsonl", "y.jsonl")
    with pytest.raises(ConfigError) as error:
        load_training_config(write(text))
    assert "data.train: no such file 'data/x.jsonl'" in str(error.value)
    assert "replay.data: no such file 'data/y.jsonl'" in str(error.value)


def test_two_sources_of_validation_are_refused(write):
    text = WORKING.replace("validation_share", "validation: data/general.jsonl, validation_share")
    with pytest.raises(ConfigError, match="give 'validation' or 'validation_share', not both"):
        load_training_config(write(text))


def test_overrides_replace_values_and_are_validated(write):
    path = write(WORKING)
    config = load_training_config(
        path, ["training.learning_rate=1e-4", "lora.target_modules=[q_proj]", "replay=null"]
    )
    assert config.training.learning_rate == 1e-4
    assert config.lora.target_modules == ("q_proj",)
    assert config.replay is None
    with pytest.raises(ConfigError, match=r"lora.rank: unknown key. Allowed: alpha, dora,"):
        load_training_config(path, ["lora.rank=4"])


@pytest.mark.parametrize("override", ["lora.r", "=3", "lora..r=3", "output.name=x"])
def test_overrides_of_another_form_are_refused(write, override):
    with pytest.raises(ConfigError, match="--set"):
        load_training_config(write(WORKING), [override])
