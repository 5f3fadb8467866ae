"""Silences what the training libraries print, for the time of a run."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import datasets
import torch
import transformers

_LOGGERS = ("accelerate", "bitsandbytes", "datasets", "peft", "torchao", "transformers", "trl")


@contextmanager
def quiet() -> Iterator[None]:
    """Keep progress bars, warnings and log lines of third parties off the screen.

    They repeat advice that the config already settles, and would break the progress display.
    Errors are raised as ever. Everything is restored afterwards.
    """
    levels = {name: logging.getLogger(name).level for name in _LOGGERS}
    bars = datasets.are_progress_bars_disabled()
    verbosity = transformers.logging.get_verbosity()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in _LOGGERS:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        datasets.disable_progress_bars()
        transformers.logging.disable_progress_bar()
        try:
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)
            transformers.logging.set_verbosity(verbosity)
            transformers.logging.enable_progress_bar()
            if not bars:
                datasets.enable_progress_bars()


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """Run on ``count`` threads and restore the number afterwards; ``None`` leaves it alone."""
    before = torch.get_num_threads()
    if count is not None:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
