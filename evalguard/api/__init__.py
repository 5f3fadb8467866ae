"""What the commands do, as functions that take and return plain records.

Each command of the command line calls the function of its name. Loads only what a call needs.
"""

from evalguard.api.calculator import KINDS, WEIGHTS, Values, decide, power, rank
from evalguard.api.checks import check, compare, load_project, read_result, write_html, write_json
from evalguard.api.paths import StrPath
from evalguard.api.trainings import audit, run_pipeline, train

__all__ = [
    "KINDS",
    "WEIGHTS",
    "StrPath",
    "Values",
    "audit",
    "check",
    "compare",
    "decide",
    "load_project",
    "power",
    "rank",
    "read_result",
    "run_pipeline",
    "train",
    "write_html",
    "write_json",
]
