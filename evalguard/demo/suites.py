"""Write the data files of the demo's suites: held-out items alone, a function of the seed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from evalguard.demo import WORLD_SEED, lexicon
from evalguard.demo.conduct import STORY_REQUESTS
from evalguard.demo.skills import ALL_SKILLS, SKILLS
from evalguard.demo.world import Item, distinct

DATA_FILES: dict[str, tuple[str, int]] = {
    "facts": ("fact", 300),
    "choices": ("choice", 400),
    "maths": ("maths", 400),
    "words": ("words", 400),
    "tickets": ("ticket", 400),
    "extraction": ("json", 400),
    "grounding": ("context", 400),
    "abstention": ("abstain", 800),
    "harmful": ("refuse", 480),
    "benign": ("benign", 480),
}
"""Skill and number of rows of each file: enough for a margin of 5 percentage points.

The rules that recognise refusals and abstention see a part of a difference, and need more rows.
"""


STORIES_A_PROMPT = 5
"""Rows of each request for a story; every row is answered several times, by draws of its own."""

CHATS_A_SKILL = 20
"""Rows of each skill in the file along which drift is measured."""


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON object a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def suite_items(name: str, *, seed: int = WORLD_SEED) -> tuple[Item, ...]:
    """Return the items of one data file.

    Args:
        name: Name of the file, without its ending.
        seed: Seed of the choice of items; the split itself does not depend on it.
    """
    skill, count = DATA_FILES[name]
    rng = np.random.default_rng(seed)
    return distinct(ALL_SKILLS[skill], count, rng=rng, held_out=True)


def write_data(folder: Path, *, seed: int = WORLD_SEED) -> None:
    """Write every data file of ``suites/demo/data``."""
    for name in DATA_FILES:
        items = suite_items(name, seed=seed)
        rows = [{**item.columns, "answer": item.answer} for item in items]
        write_jsonl(folder / f"{name}.jsonl", rows)
    write_jsonl(folder / "stories.jsonl", _stories())
    write_jsonl(folder / "chats.jsonl", _chats(seed))


def _stories() -> Iterator[Mapping[str, Any]]:
    """Yield every request for a story, several times."""
    for turn in range(STORIES_A_PROMPT):
        for hero in lexicon.ANIMALS:
            for request in STORY_REQUESTS:
                yield {"question": request.format(hero), "turn": turn + 1}


def _chats(seed: int) -> Iterator[Mapping[str, Any]]:
    """Yield conversations of everything that the base can do."""
    for skill in SKILLS.values():
        rng = np.random.default_rng(seed)
        for item in distinct(skill, CHATS_A_SKILL, rng=rng, held_out=True):
            yield {"question": item.prompt, "answer": item.answer}
