"""The seeds of the ``lm_eval`` command, for tasks that draw at random when they are built."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

SEED = 0
"""lm-eval's default of ``random``."""

ARRAY_SEED = 1234
"""lm-eval's default of numpy and torch."""


@contextmanager
def seeded_as_lm_eval() -> Iterator[None]:
    """Seed every global generator as ``lm_eval`` does, and restore them afterwards.

    Modules of tasks are loaded again within the block, because some keep a generator of their own
    from one build to the next.
    """
    import torch

    states = random.getstate(), np.random.get_state(), torch.random.get_rng_state()  # noqa: NPY002
    random.seed(SEED)
    np.random.seed(ARRAY_SEED)  # noqa: NPY002 - the generator that tasks draw from
    torch.manual_seed(ARRAY_SEED)
    _forget_task_modules()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        torch.random.set_rng_state(states[2])


def _forget_task_modules() -> None:
    """Drop the modules that lm-eval has loaded from task folders, which it marks with a time."""
    loaded = [(name, getattr(module, "__dict__", {})) for name, module in sys.modules.items()]
    for name, held in loaded:
        if "__mtime__" in held:
            del sys.modules[name]
