"""The faults, a module for several classes each."""

from benchmarks.faults.classes import (  # noqa: F401 (each declares its faults)
    canaries,
    damaged_stores,
    gates,
    inputs,
    loosened,
    models,
    newest,
    own_reads,
    project_code,
    running,
    sealed_stores,
    selecting,
    stored_models,
    stored_tasks,
    stores,
    texts,
    two_files,
    unkeyed,
    verdicts,
)
