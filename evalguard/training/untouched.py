"""Runs a look at a model in training so that the training cannot tell that it took place."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch

from evalguard.errors import MeasurementError
from evalguard.training.effect import bit_sum

_Restore = Callable[[], None]


@contextmanager
def untouched(model: Any, tokenizer: Any) -> Iterator[None]:
    """Put a model in evaluation mode without gradients, and everything back as it was.

    Put back are: the mode of each module, which weights are trained, the configs, the sides on
    which the tokenizer pads and cuts, the random numbers of Python, numpy and torch, and torch's
    flags for cuDNN, precision, deterministic algorithms, threads and default dtype. The weights
    and gradients themselves must not be touched: a look that replaces, casts or changes one is an
    error.

    Args:
        model: The model in training.
        tokenizer: Its tokenizer.

    Raises:
        MeasurementError: If the look changed a weight or a gradient.
    """
    before = _weights(model)
    with ExitStack() as stack:
        snapshots = (
            _random_numbers(),
            _flags(),
            _configs(model),
            _sides(tokenizer),
            _trained(model),
            _modes(model),
        )
        for restore in snapshots:
            stack.callback(restore)
        stack.enter_context(torch.no_grad())
        model.eval()
        yield
    after = _weights(model)
    changed = [name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]
    if changed:
        raise MeasurementError(
            f"the probe changed the model that is being trained ({min(changed)}): a probe must "
            "only read it"
        )


def _random_numbers() -> _Restore:
    python, cpu = random.getstate(), torch.get_rng_state()
    # Libraries draw from numpy's global generator, so that is the one to put back.
    numpy = np.random.get_state()  # noqa: NPY002
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []

    def restore() -> None:
        random.setstate(python)
        torch.set_rng_state(cpu)
        np.random.set_state(numpy)  # noqa: NPY002
        if cuda:
            torch.cuda.set_rng_state_all(cuda)

    return restore


def _flags() -> _Restore:
    cudnn = torch.backends.cudnn
    flags = cudnn.enabled, cudnn.benchmark, cudnn.deterministic
    precision, dtype = torch.get_float32_matmul_precision(), torch.get_default_dtype()
    threads = torch.get_num_threads()
    strict = torch.are_deterministic_algorithms_enabled()
    only_warns = torch.is_deterministic_algorithms_warn_only_enabled()

    def restore() -> None:
        cudnn.enabled, cudnn.benchmark, cudnn.deterministic = flags
        torch.set_float32_matmul_precision(precision)
        torch.set_default_dtype(dtype)
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(strict, warn_only=only_warns)

    return restore


def _configs(model: Any) -> _Restore:
    """Put back the values of every config in place: modules share them."""
    names = ("config", "generation_config")
    found = [getattr(module, name, None) for module in model.modules() for name in names]
    unique = {id(one): one for one in found if hasattr(one, "__dict__")}
    values = {key: dict(vars(one)) for key, one in unique.items()}

    def restore() -> None:
        for key, one in unique.items():
            vars(one).clear()
            vars(one).update(values[key])

    return restore


def _sides(tokenizer: Any) -> _Restore:
    sides = tokenizer.padding_side, tokenizer.truncation_side

    def restore() -> None:
        tokenizer.padding_side, tokenizer.truncation_side = sides

    return restore


def _trained(model: Any) -> _Restore:
    trained = [(weight, weight.requires_grad) for weight in model.parameters()]

    def restore() -> None:
        for weight, is_trained in trained:
            if weight.requires_grad != is_trained:
                weight.requires_grad_(is_trained)

    return restore


def _modes(model: Any) -> _Restore:
    modes = [(module, module.training) for module in model.modules()]

    def restore() -> None:
        for module, training in modes:
            module.training = training

    return restore


def _weights(model: Any) -> dict[str, tuple[Any, ...]]:
    """Return what tells of each weight that it is the same, holds the same, and so its gradient."""
    return {
        name: (weight.data_ptr(), weight.dtype, bit_sum(weight.detach()), _gradient(weight.grad))
        for name, weight in model.named_parameters()
    }


def _gradient(grad: torch.Tensor | None) -> int | None:
    return None if grad is None else bit_sum(grad)
