"""Runs the ``lm_eval`` command, and EvalGuard on the same task files, for a comparison by sample.

Started as a script it is that command, able to find vLLM's CPU build (see ``vllm_library``).
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LIMIT = 30
"""Samples of each task."""


@dataclass(frozen=True)
class Sample:
    """What one model answered to one sample, and how that was scored."""

    responses: tuple[Any, ...]
    scores: Mapping[str, float]


def run_command(
    model: str, arguments: Mapping[str, Any], tasks: Path, names: Sequence[str], output: Path
) -> dict[tuple[str, int], Sample]:
    """Return the samples that ``lm_eval --log_samples`` writes, by task and position."""
    command = [sys.executable, __file__, "run", "--model", model]
    command += ["--model_args", json.dumps(arguments), "--tasks", *names]
    command += ["--include_path", str(tasks), "--limit", str(LIMIT), "--apply_chat_template"]
    command += ["--log_samples", "--output_path", str(output), "--batch_size", "16"]
    done = subprocess.run(
        command,
        cwd=tasks,
        env=os.environ | {"VLLM_CPU_KVCACHE_SPACE": "1", "HF_DATASETS_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = {}
    for name in names:
        [file] = output.rglob(f"samples_{name}_*.jsonl")
        for line in file.read_text().splitlines():
            row = json.loads(line)
            scores = {metric: float(row[metric]) for metric in row["metrics"]}
            found[name, row["doc_id"]] = Sample(_plain(row["resps"]), scores)
    return found


def run_evalguard(
    engine: Any, model: str, base: Path, tasks: Path, names: Sequence[str]
) -> dict[tuple[str, int], Sample]:
    """Return EvalGuard's samples on an engine, by task and position."""
    from evalguard.engines.chat import PromptTokenizer
    from evalguard.tasks.benchmark.loading import load_benchmark

    render = PromptTokenizer(str(base)).render
    found = {}
    for name in names:
        [task] = load_benchmark(
            "suite", f"{name}.yaml", base_dir=tasks, source="test", key="task", limit=LIMIT
        )
        for sample in task.prepare(render):
            responses = engine.respond([(model, instance) for instance in sample.instances])
            scored = task.score(sample, responses)
            found[name, sample.row_number - 1] = Sample(tuple(responses), scored.scores)
    return found


def _plain(responses: Sequence[Any]) -> tuple[Any, ...]:
    """Return responses as an engine gives them: each stands in a list of its own, as text."""
    texts = [response[0] for response in responses]
    return tuple(
        (float(text[0]), str(text[1]) == "True") if isinstance(text, list) else text
        for text in texts
    )


if __name__ == "__main__":
    if "vllm" in sys.argv:
        import evalguard.engines.vllm_library  # noqa: F401 - lets lm-eval import vLLM
    from lm_eval.__main__ import cli_evaluate

    cli_evaluate()
