"""``python -m benchmarks.start_up``: what starting up costs, and a check whose samples are stored.

Every figure is CPU seconds, user and system, of a whole process: the best of five. The check is of
the demo's project with an adapter of random weights; its samples are measured before the clock
runs. ``--parts`` adds where the time of that check goes, and ``--parts --packages 20`` its imports.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.random_adapters import save_adapter

REPEATS = 5
ADAPTER_SCALE = 0.1
CHECK_CODES = (0, 1, 6)
"""Exit codes of a check that reached its verdict."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command and what it may cost.

    Attributes:
        name: What the table calls it.
        arguments: Of the interpreter.
        target: CPU seconds; ``None`` for a row that says what another one is made of.
        allowed: Exit codes.
    """

    name: str
    arguments: tuple[str, ...]
    target: float | None = None
    allowed: tuple[int, ...] = (0,)


CHECK = ("-m", "evalguard", "check")
COMMANDS = (
    Command("python -c pass", ("-c", "pass")),
    Command("import evalguard", ("-c", "import evalguard"), 0.1),
    Command("evalguard --help", ("-m", "evalguard", "--help")),
    Command("import pytest", ("-c", "import pytest")),
    Command("import scipy.special", ("-c", "import scipy.special")),
    Command("import sqlalchemy", ("-c", "import sqlalchemy")),
    Command("evalguard check, every sample stored", CHECK, 1.5, CHECK_CODES),
)


def environment(bytecode: Path) -> dict[str, str]:
    """Return the environment of a measured process: compiled once, as an installer does."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return kept | {
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONPYCACHEPREFIX": str(bytecode),
        "TOKENIZERS_PARALLELISM": "false",
    }


def cpu_seconds(
    arguments: tuple[str, ...], folder: Path, env: dict[str, str], allowed: tuple[int, ...]
) -> float:
    """Return the CPU seconds of one run of the interpreter."""
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(
            [sys.executable, *arguments], cwd=folder, env=env, stdout=output, stderr=output
        )
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in allowed:
            output.seek(0)
            shown = output.read().decode(errors="replace")[-2000:]
            raise RuntimeError(f"{' '.join(arguments)} exited {child.returncode}:\n{shown}")
    return used.ru_utime + used.ru_stime


def write_demo(folder: Path) -> None:
    """Write the demo's project, with an adapter of random weights in place of a trained one."""
    from evalguard.demo import model_path
    from evalguard.demo.project import write_project

    demo = write_project(folder, "healthy", seed=0, reports=folder / "reports")
    target = folder / "adapters" / demo.candidate
    save_adapter(model_path(), target, scale=ADAPTER_SCALE, seed=0)


def parts(folder: Path, env: dict[str, str], repeats: int) -> dict[str, dict[str, float]]:
    """Return the CPU seconds of each part and of each package's imports: the run of least."""
    runs = []
    for _ in range(repeats):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.start_up_parts", *CHECK[2:]],
            cwd=folder,
            env=env | {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, filter(None, sys.path)))},
            capture_output=True,
            text=True,
            check=False,
        )
        lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
        if not lines:
            raise RuntimeError(f"benchmarks.start_up_parts failed:\n{done.stderr[-2000:]}")
        runs.append(json.loads(lines[-1].removeprefix("RESULT ")))
    found: dict[str, dict[str, float]] = min(runs, key=lambda run: sum(run["parts"].values()))
    return found


def _part_rows(table: Table, found: dict[str, dict[str, float]], packages: int) -> None:
    """Add the parts of the check, and the packages whose imports cost most."""
    imports = found["imports"]
    table.add_section()
    for name, seconds in found["parts"].items():
        table.add_row(f"  {name}", "", f"{seconds:.3f} s")
    table.add_row("  imports", "", f"{sum(imports.values()):.3f} s")
    dearest = sorted(imports, key=lambda name: -imports[name])
    for name in dearest[:packages]:
        table.add_row(f"    {name}", "", f"{imports[name]:.3f} s")


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.start_up")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--parts", action="store_true", help="where the check's time goes")
    parser.add_argument("--packages", type=int, default=12, help="imports to list")
    parser.add_argument("--project", type=Path, help="a project that was checked, not the demo's")
    options = parser.parse_args()
    table = Table("CPU seconds", "target", f"figure (best of {options.repeats})")
    missed = 0
    with tempfile.TemporaryDirectory() as name:
        env = environment(Path(name) / "bytecode")
        env["PYTHONPATH"] = str(Path(__file__).parents[1])
        folder = (options.project or Path(name) / "project").absolute()
        if options.project is None:
            write_demo(folder)
        for command in COMMANDS:
            measure = (command.arguments, folder, env, command.allowed)
            cpu_seconds(*measure)  # compiles, and fills the store
            figure = min(cpu_seconds(*measure) for _ in range(options.repeats))
            reached = command.target is None or figure <= command.target
            target = "" if command.target is None else f"≤ {command.target:g} s"
            table.add_row(command.name, target, f"{figure:.3f} s{'' if reached else '  MISSED'}")
            missed += not reached
        if options.parts:
            _part_rows(table, parts(folder, env, options.repeats), options.packages)
    Console(width=100).print(table)
    print(f"{missed} targets missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
