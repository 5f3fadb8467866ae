"""Keeps what third-party libraries print off the screen while they work.

Below every room, so that engines, tasks and training share it. Loads nothing itself.
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_LOGGERS = (
    "accelerate",
    "bitsandbytes",
    "datasets",
    "lm_eval",
    "peft",
    "torchao",
    "transformers",
    "trl",
)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence progress bars, warnings and log lines of third parties within the block.

    They repeat advice that the config already settles, and would break the progress display.
    Errors are raised as ever, and everything is restored afterwards.
    """
    disabled = logging.root.manager.disable
    # Within another such block the loggers are silent already, and setting levels is slow.
    loggers = () if disabled >= logging.WARNING else _LOGGERS
    levels = {name: logging.getLogger(name).level for name in loggers}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if loggers:
            logging.disable(logging.WARNING)
        for name in loggers:
            logging.getLogger(name).setLevel(logging.ERROR)
        bars = _bars_off()
        try:
            yield
        finally:
            if loggers:
                logging.disable(disabled)
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)
            _bars_on(bars)


def _bars_off() -> list[str]:
    """Switch off the progress bars of the libraries that are loaded; return which were on."""
    on = []
    if (datasets := sys.modules.get("datasets")) and not datasets.are_progress_bars_disabled():
        datasets.disable_progress_bars()
        on.append("datasets")
    if (models := sys.modules.get("transformers")) and models.logging.is_progress_bar_enabled():
        models.logging.disable_progress_bar()
        on.append("transformers")
    return on


def _bars_on(names: list[str]) -> None:
    if "datasets" in names:
        sys.modules["datasets"].enable_progress_bars()
    if "transformers" in names:
        sys.modules["transformers"].logging.enable_progress_bar()
