"""What each side says of a task, as JSON that goes from its process to the comparison."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

WINDOW_TOKENS = 16384
"""Context of the model under test: few-shot prompts are longer than what it was trained on."""

ADAPTER = "adapter"
CANDIDATE = "candidate"
MODEL = "model"

ANSWERS = "answers.json"
"""What EvalGuard's baseline answered; the reference scores again those drawn at random."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Rows of a task as one side scored them.

    Attributes:
        scores: Metrics of each row, by the row's number from 0.
        texts: Generated answers of each row.
        aggregates: Each metric over all rows.
    """

    scores: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    texts: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    aggregates: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Side:
    """What one side made of a task.

    Attributes:
        task: Name of the task.
        reason: Why it could not be scored; empty where it could.
        model: The rows with the model's answers.
        given: The rows with answers that were given to them; of tasks that ask for a text.
        verdicts: On EvalGuard's side, what the gates on the task said, and why.
        unsound: On lm-eval's side, why its figures of the task mean nothing.
        note: On lm-eval's side, which of its figures are compared where a first run has none.
    """

    task: str
    reason: str = ""
    model: Scored = Scored()
    given: Scored = Scored()
    verdicts: tuple[tuple[str, str, str], ...] = ()
    unsound: str = ""
    note: str = ""


def write_sides(path: Path, sides: Mapping[str, Side]) -> None:
    """Write what a side says of its tasks."""
    path.write_text(json.dumps([asdict(side) for side in sides.values()]), encoding="utf-8")


def read_sides(path: Path) -> dict[str, Side]:
    """Read what a side said of its tasks."""
    return {
        item["task"]: Side(
            task=item["task"],
            reason=item["reason"],
            model=_scored(item["model"]),
            given=_scored(item["given"]),
            verdicts=tuple((name, verdict, why) for name, verdict, why in item["verdicts"]),
            unsound=item["unsound"],
            note=item["note"],
        )
        for item in json.loads(path.read_text(encoding="utf-8"))
    }


def _scored(plain: Mapping[str, Any]) -> Scored:
    return Scored(
        scores={int(row): scores for row, scores in plain["scores"].items()},
        texts={int(row): tuple(texts) for row, texts in plain["texts"].items()},
        aggregates=plain["aggregates"],
    )


def write_models(folder: Path) -> None:
    """Write the model under test and the candidate's adapter.

    The model is the embedded one with a longer window; what it says there is noise, and the same
    noise on both sides.
    """
    from benchmarks.random_adapters import save_adapter
    from evalguard.demo import model_path

    shutil.copytree(model_path(), folder / MODEL)
    config = folder / MODEL / "config.json"
    settings: dict[str, Any] = json.loads(config.read_text(encoding="utf-8"))
    settings["max_position_embeddings"] = WINDOW_TOKENS
    config.write_text(json.dumps(settings), encoding="utf-8")
    save_adapter(folder / MODEL, folder / ADAPTER, scale=0.05, seed=0)


def environment(cache: Path) -> dict[str, str]:
    """Return the environment of a side: nothing is fetched, nothing is left in the home folder.

    Args:
        cache: Where data sets are cached. Each side has its own: what ``process_docs`` made is
            cached as well, and what it drew at random must not pass from one side to the other.
    """
    found = os.environ | {
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "HF_HOME": str(cache),
        "HF_ALLOW_CODE_EVAL": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *_python_path()]),
    }
    if nltk := _nltk_data():
        found["NLTK_DATA"] = nltk
    return found


def one_line(error: BaseException) -> str:
    """Return what an error says, on one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:400]


def _python_path() -> list[str]:
    return [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]


def _nltk_data() -> str | None:
    """Return a folder with NLTK's sentence splitter, which the wheel of llama-index-core ships."""
    spec = find_spec("llama_index.core") if find_spec("llama_index") else None
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(place) / "_static" / "nltk_cache"
        if folder.is_dir():
            return str(folder)
    return os.environ.get("NLTK_DATA")
