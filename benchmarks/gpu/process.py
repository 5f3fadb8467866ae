"""Run a part in its own process, so that a crash costs that part only."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import TextIO

from benchmarks.gpu.records import Context, Outcome, Part, Row, SkipPart
from evalguard.quiet import quiet

_REPOSITORY = Path(__file__).parents[2]
_SKIP = "skip"
_REASON_CHARACTERS = 300


def environment(device: str) -> dict[str, str]:
    """Return the environment of every process that measures something."""
    known = os.environ.get("PYTHONPATH")
    found = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(_REPOSITORY), *([known] if known else [])]),
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
    if device == "cpu":
        found |= {"CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    else:
        # With several GPUs transformers would use all of them for training.
        found.setdefault("CUDA_VISIBLE_DEVICES", "0")
    return found


def run_process(part: Part, limit: float, context: Context) -> Outcome:
    """Run a part for at most ``limit`` seconds and return what it measured.

    Args:
        part: What to run.
        limit: Seconds after which it is killed.
        context: Where it runs.
    """
    rows_file = context.work / f"{part.name}.rows"
    rows_file.unlink(missing_ok=True)
    settings = {"device": context.device, "tiny": context.tiny, "work": str(context.work)}
    command = [
        sys.executable, "-m", "benchmarks.gpu.process", part.name, part.function,
        json.dumps(settings),
    ]  # fmt: skip
    log = context.work / f"{part.name}.log"
    started = time.monotonic()
    with log.open("w", encoding="utf-8") as output:
        child = subprocess.Popen(
            command,
            env=environment(context.device),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that its own processes end with it
        )
        try:
            code: int | None = child.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            _end(child)
    rows, skipped = _read_rows(rows_file)
    seconds = time.monotonic() - started
    if code is None:
        return Outcome("timed out", seconds, f"stopped after {limit:.0f} s", rows)
    if code:
        return Outcome("failed", seconds, _reason(log, code), rows)
    if skipped:
        return Outcome("skipped", seconds, skipped, rows)
    if not rows:
        return Outcome("failed", seconds, "measured nothing")
    return Outcome("done", seconds, "", rows)


def run_here(name: str, function: str, context: Context) -> None:
    """Run a part in this process, writing each row to disk as soon as it is measured.

    Args:
        name: The part.
        function: ``module:function``.
        context: Where it runs.
    """
    module, _, attribute = function.partition(":")
    measure: Callable[[Context], Iterator[Row]] = getattr(import_module(module), attribute)
    with (context.work / f"{name}.rows").open("a", encoding="utf-8") as file, quiet():
        try:
            _require_device(context)
            for row in measure(context):
                _append(file, asdict(row))
        except SkipPart as reason:
            _append(file, {_SKIP: str(reason)})


def _require_device(context: Context) -> None:
    if context.device == "cuda":
        import torch

        if not torch.cuda.is_available():
            raise SkipPart("torch sees no GPU")


def _append(file: TextIO, data: Mapping[str, object]) -> None:
    file.write(json.dumps(data, ensure_ascii=False) + "\n")
    file.flush()


def _read_rows(file: Path) -> tuple[tuple[Row, ...], str]:
    """Return the complete rows of a file, and why the part skipped the rest."""
    rows, skipped = [], ""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True) if file.is_file() else []
    for line in lines:
        if not line.endswith("\n"):
            break  # killed while it wrote
        data = json.loads(line)
        if _SKIP in data:
            skipped = data[_SKIP]
        else:
            rows.append(Row(**data))
    return tuple(rows), skipped


def _reason(log: Path, code: int) -> str:
    """Return the last line that a failed part printed."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    last = lines[-1].strip() if lines else "printed nothing"
    ended = signal.Signals(-code).name if code < 0 else f"exit {code}"
    return f"{ended}: {last[:_REASON_CHARACTERS]}"


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill a part with everything that it started."""
    with suppress(ProcessLookupError):  # already ended
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def main() -> None:
    """Run the part that the arguments name: its name, its function and its context."""
    name, function, settings = sys.argv[1:]
    plain = json.loads(settings)
    run_here(name, function, Context(plain["device"], plain["tiny"], Path(plain["work"])))


if __name__ == "__main__":
    main()
