"""Replaces ``evaluate.load`` as soon as anything imports ``evaluate``, and imports it for nobody.

Tasks load their metrics when they are imported, and none of them may fetch code. The package itself
takes most of a second to import, and few tasks use it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType

from evalguard.tasks.benchmark import hub_metrics

_PACKAGE = "evaluate"


class _Finder(MetaPathFinder):
    """Finds the package, and nothing else."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _PACKAGE:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


class _Loader(SourceFileLoader):
    """Loads it, and puts :func:`~evalguard.tasks.benchmark.hub_metrics.load` in its place."""

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        _replace(module)


def _replace(module: ModuleType) -> None:
    module.load = hub_metrics.load  # type: ignore[attr-defined]  # the module is not known here


def replace_load() -> None:
    """Replace ``evaluate.load`` in this process, now or when the package is imported."""
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, _Finder())
    spec = _Finder().find_spec(_PACKAGE, None)
    if _PACKAGE in sys.modules or (spec is not None and not isinstance(spec.loader, _Loader)):
        import evaluate

        _replace(evaluate)
