"""Reads each split of an lm-eval task once.

lm-eval calls ``process_docs`` whenever it reads a split. A function that keeps a state, such as a
generator of its module, then returns other documents for the prompt than for the score.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import datasets
from lm_eval.api.task import ConfigurableTask

_READERS = {
    "training_docs": ("config", "training_split"),
    "validation_docs": ("config", "validation_split"),
    "test_docs": ("config", "test_split"),
    "fewshot_docs": ("fewshot_cfg", "split"),
}
"""Methods that read a split: the settings that name it, and the key there."""


@contextmanager
def read_once() -> Iterator[None]:
    """Let the tasks that are built meanwhile call ``process_docs`` once a split.

    What it returns is what every later reading returns: as rows that are asked, as solved
    examples, and by whichever key of the task a split is named.
    """
    with ExitStack() as stack:
        for method, (settings, key) in _READERS.items():
            reader = _once(getattr(ConfigurableTask, method), settings, key)
            stack.enter_context(patch.object(ConfigurableTask, method, reader))
        yield


def _once(read: Callable[[Any], Any], settings: str, key: str) -> Callable[[Any], Any]:
    def reading(task: Any) -> Any:
        config = getattr(task, settings)
        split, process_docs = getattr(config, key), config.process_docs
        if split is None or process_docs is None:
            return read(task)
        kept = vars(task).setdefault("_documents", {})
        if (split, id(process_docs)) not in kept:
            kept[split, id(process_docs)] = _fixed(read(task))
        return kept[split, id(process_docs)]

    return reading


class _Rows(list[Any]):
    """Documents with the one attribute of a data set that lm-eval reads."""

    features: Any = None


def _fixed(docs: Any) -> Any:
    """Return documents that do not change from one access to the next, as a transform's may."""
    if not isinstance(docs, datasets.Dataset) or docs.format["type"] != "custom":
        return docs
    rows = _Rows(docs)
    rows.features = docs.features
    return rows
