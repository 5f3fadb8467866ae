"""Run a task of lm-eval on local rows: its own YAML with another data set."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from benchmarks.lm_eval_tasks.manifest import Entry, task_files

MAX_NEW_TOKENS = 32
"""Limit of answers, because a random model seldom stops by itself."""

_SPLITS = ("training_split", "validation_split", "test_split", "fewshot_split")

_CLASS = '''"""{task} on local rows."""

import datasets
from lm_eval.tasks._yaml_loader import _import_fun_from_str

_Base = _import_fun_from_str({base!r})


class Local(_Base):
    DATASET_PATH = "json"
    DATASET_NAME = None

    def download(self, *args, **kwargs):
        self.dataset = datasets.load_dataset("json", data_files={data_files!r})
'''


def merged_config(path: Path) -> dict[str, Any]:
    """Return the configuration of a task file with what it includes; functions as their paths."""
    from lm_eval.tasks._yaml_loader import load_yaml

    config: dict[str, Any] = load_yaml(path, resolve_func=False)
    return config


def samples_answers(config: Mapping[str, Any]) -> bool:
    """Return whether answers are sampled at random."""
    options = config.get("generation_kwargs") or {}
    return bool(options.get("do_sample"))


def write_task(entry: Entry, folder: Path, *, max_new_tokens: int = MAX_NEW_TOKENS) -> Path:
    """Write a YAML that includes lm-eval's file and reads local rows; return its path.

    A Python class takes no data set from its YAML, so a subclass with another ``download`` is
    written next to it.

    Args:
        entry: The task.
        folder: Where its file goes.
        max_new_tokens: Limit of answers, unless the task's own is lower.

    Raises:
        LookupError: If lm-eval has no such task, or rows of a split are missing.
    """
    if entry.task not in task_files():
        raise LookupError(f"lm-eval has no task '{entry.task}'")
    original = task_files()[entry.task]
    merged = merged_config(original)
    data_files = _needed_files(entry, merged)
    task: dict[str, Any] = {"include": str(original), "task": entry.task}
    task |= {
        "dataset_path": "json",
        "dataset_name": None,
        "dataset_kwargs": {"data_files": data_files},
    }
    if "custom_dataset" in merged:
        task["custom_dataset"] = None
    # A split without questions or few-shot examples has no rows here.
    unused = (key for key in _SPLITS if merged.get(key) and merged[key] not in data_files)
    task |= dict.fromkeys(unused)
    if options := merged.get("generation_kwargs"):
        tokens = min(int(options.get("max_gen_toks", max_new_tokens)), max_new_tokens)
        task["generation_kwargs"] = {**options, "max_gen_toks": tokens}
    elif merged.get("output_type", "generate_until") == "generate_until" and "class" not in merged:
        delimiter = merged.get("fewshot_delimiter", "\n\n")
        task["generation_kwargs"] = {
            "until": [delimiter],
            "do_sample": False,
            "temperature": 0,
            "max_gen_toks": max_new_tokens,
        }
    text = yaml.safe_dump(task, sort_keys=False, allow_unicode=True)
    if "class" in merged:
        module = f"local_{entry.task.replace('-', '_').replace('.', '_')}"
        code = _CLASS.format(task=entry.task, base=merged["class"], data_files=data_files)
        (folder / f"{module}.py").write_text(code, encoding="utf-8")
        text += f"class: !function {module}.Local\n"
    path = folder / f"{entry.task}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def _needed_files(entry: Entry, merged: Mapping[str, Any]) -> dict[str, str]:
    """Return the files of the splits that the task reads; for a class, all of them."""
    files = entry.data_files
    if not files:
        raise LookupError(f"no rows in rows/{entry.rows}")
    named = {merged[key] for key in _SPLITS if merged.get(key)}
    if "class" in merged or not named:
        return files
    evaluated = merged.get("test_split") or merged.get("validation_split")
    if evaluated and evaluated not in files:
        raise LookupError(f"rows/{entry.rows} has no split '{evaluated}'")
    return {split: path for split, path in files.items() if split in named}
