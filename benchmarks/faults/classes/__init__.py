"""The faults, a module for several classes each."""

from benchmarks.faults.classes import selecting, verdicts  # noqa: F401
