"""How alike two adapters are in what they add to the weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from evalguard.engines.alike_adapters import likeness

MODULES = ("model.layers.0.self_attn.q_proj", "model.layers.1.mlp.down_proj")
A, B = "base_model.model.{}.lora_A.weight", "base_model.model.{}.lora_B.weight"


def factors(seed):
    """Return random factors of two modules, of rank 4."""
    made = torch.Generator().manual_seed(seed)
    shapes = {A: (4, 32), B: (48, 4)}
    return {
        key.format(module): torch.randn(shape, generator=made)
        for module in MODULES
        for key, shape in shapes.items()
    }


@pytest.fixture
def alike(tmp_path):
    """Return how alike two dictionaries of tensors are, saved as adapters."""

    def measure(one, other):
        for name, tensors in (("one", one), ("other", other)):
            save_file({key: each.contiguous() for key, each in tensors.items()}, tmp_path / name)
        return likeness(tmp_path / "one", tmp_path / "other")

    return measure


def test_it_is_the_mean_cosine_of_the_changes(alike):
    one, other = factors(0), factors(1)
    expected = []
    for module in MODULES:
        first, second = (
            given[B.format(module)] @ given[A.format(module)] for given in (one, other)
        )
        expected.append(torch.cosine_similarity(first.flatten(), second.flatten(), dim=0))
    assert alike(one, other) == pytest.approx(np.mean(expected), abs=1e-6)
    assert abs(alike(one, other)) < 0.2


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_the_type_of_numbers_hardly_counts(alike, dtype):
    given = factors(0)
    assert alike(given, {key: one.to(dtype) for key, one in given.items()}) > 0.99999


def test_another_rank_may_hold_the_same_change(alike):
    given = factors(0)
    wider = {
        key: torch.cat([one / 2, one / 2], dim=0 if "_A" in key else 1)
        for key, one in given.items()
    }
    assert alike(given, wider) == pytest.approx(1.0)


def test_a_module_that_one_alone_has_hides_nothing(alike):
    given = factors(0)
    more = {A.format("lm_head"): torch.ones(1, 32), B.format("lm_head"): torch.ones(48, 1)}
    assert alike(given, given | more) == alike(given | more, given) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "other",
    [
        {A.format("lm_head"): torch.ones(4, 32), B.format("lm_head"): torch.ones(48, 4)},
        {"base_model.model.lm_head.weight": torch.ones(8, 8)},
        {key: torch.zeros_like(one) for key, one in factors(0).items()},
    ],
    ids=["other modules", "no pair of factors", "no change"],
)
def test_what_cannot_be_compared_has_no_likeness(alike, other):
    assert alike(factors(0), other) is None
