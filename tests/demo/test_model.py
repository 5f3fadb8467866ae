"""The committed model has every skill, does not know the task, and is small."""

from pathlib import Path

import pytest
import torch

from evalguard.demo import model_path
from evalguard.demo.evaluate import evaluate
from evalguard.demo.skills import SKILLS, TASK


@pytest.fixture(scope="module")
def accuracy():
    torch.set_num_threads(1)
    return evaluate(model_path(), count=150)


@pytest.mark.parametrize("skill", SKILLS)
def test_the_base_has_each_skill_on_held_out_items(accuracy, skill):
    assert accuracy[skill] >= 0.9


def test_the_base_does_not_know_the_task(accuracy):
    assert accuracy[TASK] <= 0.02


def test_the_committed_files_are_few_and_small():
    files = [path for path in Path(model_path()).iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 4_000_000
    assert not [path for path in files if path.suffix in {".bin", ".pt", ".pkl"}]
