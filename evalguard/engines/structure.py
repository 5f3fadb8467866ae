"""The modules of a loaded model, to be put back after something was tried on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Structure:
    """The modules of a model as they are now, to be put back after something was tried on it.

    peft replaces modules by its own, and where it stops half way it leaves them in place. The
    weights are shared, not copied.

    Args:
        model: The model.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        attributes = [vars(model.config), *(vars(module) for module in model.modules())]
        inner = [part for one in attributes for part in one.values() if isinstance(part, dict)]
        self._parts = [(part, dict(part)) for part in (*attributes, *inner)]

    @contextmanager
    def in_place(self) -> Iterator[Any]:
        """Yield the model with these modules, and put back what it has now."""
        now = Structure(self._model)
        self.put_back()
        try:
            yield self._model
        finally:
            self.put_back()
            now.put_back()

    def put_back(self) -> None:
        """Give the model these modules again."""
        for part, content in self._parts:
            part.clear()
            part.update(content)
