"""Plants every fault and prints a row for each class; exits 1 where a fault came through."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults.declared import FAULTS, Fault
from benchmarks.faults.planting import Place, Seen, warm_up
from benchmarks.faults.project import make_project
from evalguard.errors import did_you_mean


@dataclass(frozen=True, slots=True)
class Planted:
    """A fault and what came of it.

    Attributes:
        fault: The fault.
        problem: Why it came through; empty where it was caught.
        said: The line that says how it ended.
        seconds: Time that it took.
    """

    fault: Fault
    problem: str
    said: str
    seconds: float


def main() -> int:
    """Run the benchmark."""
    import benchmarks.faults.classes  # noqa: F401 (declares the faults)

    options = _options()
    groups = list(dict.fromkeys(fault.group for fault in FAULTS))
    if unknown := [name for name in options.only or () if name not in groups]:
        print(f"no class '{unknown[0]}'. {did_you_mean(unknown[0], groups)}")
        return 2
    chosen = [
        fault
        for fault in FAULTS
        if (not options.only or fault.group in options.only)
        and (not options.what or options.what.lower() in fault.what.lower())
    ]
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        found = list(
            _shown(run_faults(chosen, Path(name), options.workers), chosen, options.verbose)
        )
    through = [one for one in found if one.problem]
    if options.json:
        rows = [
            {"class": one.fault.group, "what": one.fault.what, "problem": one.problem,
             "said": one.said, "seconds": round(one.seconds, 2)}
            for one in found
        ]  # fmt: skip
        options.json.write_text(json.dumps(rows, indent=1, ensure_ascii=False), encoding="utf-8")
    print(
        f"{len(found) - len(through)} of {len(found)} planted faults caught, {len(through)} came "
        f"through; {time.perf_counter() - started:.0f} s"
    )
    return 1 if through else 0


def run_faults(faults: Sequence[Fault], folder: Path, workers: int) -> Iterator[Planted]:
    """Plant faults, each in a copy of one project whose samples were measured once.

    Yields:
        What came of each, in the order of ``faults``.

    Raises:
        RuntimeError: If the project does not pass without a fault.
    """
    os.environ |= {
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(folder / "cache"),
        "OMP_NUM_THREADS": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "PYTHONPATH": os.pathsep.join(
            filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")])
        ),
    }
    warm_up()
    measured = Place(make_project(folder / "project"))
    seen = measured.check("--full")
    if seen.code != 0:
        raise RuntimeError(f"the project without a fault:\n{seen.output}")
    for name in ("output.log", "result.json", "junit.xml", ".pytest_cache", "reports"):
        path = measured / name
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)

    def run(numbered: tuple[int, Fault]) -> Planted:
        number, fault = numbered
        return plant(fault, measured.folder, folder / f"fault-{number}")

    with ThreadPoolExecutor(max_workers=workers) as pool:
        yield from pool.map(run, enumerate(faults))


def plant(fault: Fault, measured: Path, folder: Path) -> Planted:
    """Plant one fault and see what comes of it."""
    started = time.perf_counter()
    shutil.copytree(measured, folder)
    try:
        seen = fault.plant(Place(folder))
        problem = fault.wanted(seen)
    except Exception:  # noqa: BLE001 (a fault that cannot be planted is no fault that was caught)
        seen = Seen(code=0)
        problem = f"could not be planted: {traceback.format_exc(limit=-2)}"
    if not os.environ.get("KEEP_FAULTS"):
        shutil.rmtree(folder, ignore_errors=True)
    return Planted(
        fault, problem, f"exit {seen.code}: {seen.last_line}", time.perf_counter() - started
    )


def _shown(found: Iterator[Planted], faults: Sequence[Fault], verbose: bool) -> Iterator[Planted]:
    """Print the row of a class when its last fault is done, and what came through."""
    left = [fault.group for fault in faults]
    done: dict[str, list[Planted]] = {}
    print(f"{'class':<28}{'planted':>8}{'caught':>8}{'through':>9}{'s':>7}", flush=True)
    for one in found:
        group = one.fault.group
        left.remove(group)
        of_group = done.setdefault(group, [])
        of_group.append(one)
        if group not in left:
            through = sum(bool(each.problem) for each in of_group)
            seconds = sum(each.seconds for each in of_group)
            print(
                f"{group:<28}{len(of_group):>8}{len(of_group) - through:>8}{through:>9}"
                f"{seconds:>7.1f}",
                flush=True,
            )
            for each in of_group:
                if each.problem or verbose:
                    sign = "THROUGH" if each.problem else "caught "
                    print(f"  {sign} {each.fault.what}: {each.problem or each.said}", flush=True)
        yield one


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults")
    parser.add_argument("--only", action="append", metavar="CLASS", help="one class; repeatable")
    parser.add_argument("--what", metavar="TEXT", help="faults whose sentence has this text")
    parser.add_argument("--verbose", action="store_true", help="say of each fault how it ended")
    parser.add_argument("--workers", type=int, default=1, help="faults at a time")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what came of each")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
