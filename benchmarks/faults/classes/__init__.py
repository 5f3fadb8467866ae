"""The faults, a module for several classes each."""

from benchmarks.faults.classes import (  # noqa: F401 (each declares its faults)
    canaries,
    gates,
    inputs,
    models,
    running,
    selecting,
    stored_models,
    stored_tasks,
    stores,
    texts,
    verdicts,
)
