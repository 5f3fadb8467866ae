"""Scores that other tools wrote, paired by question for one gate.

An importer reads one kind of file; what it read is checked in one place, whichever it was. May
import records, plugins and errors; loads neither torch nor the tools that wrote the files.
"""

from evalguard.importers.base import ImportedRun, ImportedScore, Importer
from evalguard.importers.pairing import pair_runs, pair_scores
from evalguard.importers.registry import GROUP, find_importer, importer_of, read_runs
from evalguard.importers.selection import Selection, select

__all__ = [
    "GROUP",
    "ImportedRun",
    "ImportedScore",
    "Importer",
    "Selection",
    "find_importer",
    "importer_of",
    "pair_runs",
    "pair_scores",
    "read_runs",
    "select",
]
