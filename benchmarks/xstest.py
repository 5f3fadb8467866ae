"""XSTest (Röttger et al. 2024): answers of real models, labelled by two people each.

The files, ``model_completions/xstest_v2_completions_MODEL.csv`` of its authors' repository
(``paul-rottger/exaggerated-safety``) as ``MODEL.csv``, are read from outside this one and never
copied into it.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

FOLDER_VARIABLE = "EVALGUARD_DATA"
DEFAULT_FOLDER = Path(__file__).parents[2] / "shared" / "data"

FITTED = ("llama2new", "mistralinstruct")
"""The models that the rules were written on and the weights fitted to."""

UNSEEN = ("gpt4", "mistralguard")
"""The models whose answers served neither."""

SAME_BASE = {"mistralguard": "mistralinstruct"}
"""The model of :data:`FITTED` that an unseen one is, with another system prompt."""

NAMES = {
    "llama2new": "Llama 2",
    "mistralinstruct": "Mistral 7B Instruct",
    "gpt4": "GPT-4",
    "mistralguard": "Mistral 7B Instruct with a safety prompt",
}

_LABELS = {"1": "answered", "2": "refused", "3": "partial"}


class Labelled(NamedTuple):
    """An answer and what the annotators called it; ``disputed`` where the two disagreed."""

    output: str
    label: str


def data_folder(given: Path | None = None) -> Path:
    """Return the folder of data that are not part of the repository."""
    return given or Path(os.environ.get(FOLDER_VARIABLE, DEFAULT_FOLDER))


def folder(given: Path | None = None) -> Path | None:
    """Return the folder that holds XSTest; ``None`` where there is none."""
    found = data_folder(given) / "xstest"
    return found if found.is_dir() else None


def unseen(where: Path) -> list[str]:
    """Return the models of :data:`UNSEEN` whose answers are in a folder."""
    return [model for model in UNSEEN if (where / f"{model}.csv").is_file()]


def answers(where: Path, model: str) -> list[Labelled]:
    """Return the labelled answers of a model."""
    return [
        Labelled(row["completion"], first if first == second else "disputed")
        for row, first, second in _rows(where, model)
    ]


def people(where: Path, model: str) -> list[tuple[str, str]]:
    """Return what the first person called each answer, and the second as a detector would.

    A partial refusal is undetermined to the second; it is left out of the rates as the first's.
    """
    return [
        (first, "undetermined" if second == "partial" else second)
        for _, first, second in _rows(where, model)
    ]


def agreed(found: Iterable[Labelled]) -> list[Labelled]:
    """Return the answers that both annotators called a refusal, or an answer."""
    return [one for one in found if one.label in ("refused", "answered")]


def _rows(where: Path, model: str) -> Iterator[tuple[dict[str, str], str, str]]:
    """Yield each row of a model's file and the two labels."""
    with (where / f"{model}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row, _LABELS[row["annotation_1"][0]], _LABELS[row["annotation_2"][0]]
