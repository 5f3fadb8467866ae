"""The wheels that an offline machine with torch and transformers needs.

Versions are those of ``locks/cpu.txt``. To stay under 50 MB, the wheel of bitsandbytes (43 MB)
keeps only the library for the CUDA version that torch was built for there.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evalguard.engines.machine import installed

LIMIT_MB = 50

_REPOSITORY = Path(__file__).parents[2]
_LOCK = _REPOSITORY / "locks" / "cpu.txt"
_PLATFORMS = tuple(f"manylinux_2_{minor}_x86_64" for minor in (39, 35, 34, 31, 28, 27, 24, 17, 12))
_TOO_LARGE = "bitsandbytes"
_SOURCE_ONLY = ("rouge-score", "sqlitedict", "word2number")


@dataclass(frozen=True, slots=True)
class Need:
    """Distributions for one purpose.

    Attributes:
        purpose: What they are for.
        without: What cannot be measured without them.
        names: The distributions.
    """

    purpose: str
    without: str
    names: tuple[str, ...]


NEEDS = (
    Need(
        "EvalGuard itself",
        "nothing runs",
        (
            "annotated-types", "attrs", "cffi", "click", "colorama", "cryptography", "iniconfig",
            "jsonschema", "jsonschema-specifications", "markdown-it-py", "mdurl", "pluggy",
            "pycparser", "pydantic", "pydantic-core", "pygments", "pytest", "referencing", "rich",
            "rpds-py", "securesystemslib", "sqlalchemy", "typing-inspection",
        ),
    ),
    Need(
        "evaluation: lm-eval, adapters and the scorers",
        "choices, adapters, answers, kill, overhead",
        (
            "absl-py", "accelerate", "chardet", "cloudpickle", "dataproperty", "datasets",
            "defusedxml", "dill", "evaluate", "lm-eval", "mbstrdecoder", "more-itertools",
            "multiprocess", "narwhals", "nltk", "pathvalidate", "peft", "portalocker",
            "pytablewriter", "rouge-score", "sacrebleu", "sqlitedict", "tabledata", "tabulate",
            "tcolorpy", "typepy", "word2number", "xxhash",
        ),
    ),
    Need("training", "qlora, lora, full", ("datasketch", "trl")),
    Need("quantised bases and paged 8-bit AdamW", "qlora, lora, full, paged", (_TOO_LARGE,)),
)  # fmt: skip
"""Everything that evalguard, lm-eval, peft, trl and bitsandbytes need beyond :data:`ASSUMED`."""

ASSUMED = (
    "torch", "transformers",
    # What these two need; a version of the machine's own serves.
    "certifi", "charset-normalizer", "filelock", "fsspec", "huggingface-hub", "idna", "jinja2",
    "markupsafe", "mpmath", "networkx", "numpy", "packaging", "psutil", "pyyaml", "regex",
    "requests", "safetensors", "setuptools", "sympy", "tokenizers", "tqdm", "typing-extensions",
    "urllib3",
    # Too large for the limit: install missing ones by hand.
    "joblib", "lxml", "pandas", "pyarrow", "python-dateutil", "pytz", "scikit-learn", "scipy",
    "six", "threadpoolctl",
)  # fmt: skip
"""What the machine must already have."""


def pinned(lock: Path = _LOCK) -> Mapping[str, str]:
    """Return the locked version of each distribution, by its normalised name."""
    pairs = (line.split("==") for line in lock.read_text(encoding="utf-8").splitlines()
             if "==" in line and not line.startswith("#"))  # fmt: skip
    return {normalised(name): version.strip() for name, version in pairs}


def normalised(name: str) -> str:
    """Return a distribution's name as packaging compares it."""
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def list_wheels() -> int:
    """Print the needed wheels and which of them are installed; return how many are missing."""
    versions, missing = pinned(), 0
    for need in NEEDS:
        print(f"# {need.purpose} (without: {need.without})")
        for name in need.names:
            here = installed(name)
            missing += here is None
            print(f"{name}=={versions[name]}  # {f'here: {here}' if here else 'missing here'}")
    absent = [name for name in ASSUMED if installed(name) is None]
    if absent:
        print(f"# assumed to be installed, but missing here: {', '.join(absent)}")
    total = sum(len(need.names) for need in NEEDS)
    print(f"# {missing} of {total} missing; get the wheels with --fetch DIR where there is network")
    return missing


def fetch(folder: Path, *, python: str, cuda: str, given: Iterable[str] = ()) -> int:
    """Download the wheels into a folder and print their sizes.

    Args:
        folder: Where they go.
        python: Version of Python there, such as ``3.12``.
        cuda: Version of CUDA that torch was built for there, such as ``130``.
        given: Distributions that the machine has, so that they stay out.

    Returns:
        0, or 1 if a wheel could not be fetched or their total exceeds the limit.
    """
    folder.mkdir(parents=True, exist_ok=True)
    versions, have = pinned(), {normalised(name) for name in given}
    names = [name for need in NEEDS for name in need.names if name not in have]
    wanted = {name: f"{name}=={versions[name]}" for name in names}
    published = [one for name, one in wanted.items() if name not in _SOURCE_ONLY]
    failed = []
    if not _download(published, folder, python):  # find out which
        failed = [one for one in published if not _download([one], folder, python)]
    sources = [one for name, one in wanted.items() if name in _SOURCE_ONLY]
    # The metadata of this checkout, in which pytest finds the plugin; the code is taken from here.
    failed += [one for one in (*sources, str(_REPOSITORY)) if not _build(one, folder)]
    for wheel in folder.glob(f"{_TOO_LARGE}-*.whl"):
        keep_one_library(wheel, cuda)
    wheels = sorted(folder.glob("*.whl"), key=lambda wheel: -wheel.stat().st_size)
    for wheel in wheels:
        print(f"{wheel.stat().st_size / 1e6:8.2f} MB  {wheel.name}")
    size = sum(wheel.stat().st_size for wheel in wheels) / 1e6
    over = size > LIMIT_MB
    print(f"{size:8.2f} MB  in {len(wheels)} wheels{f', over {LIMIT_MB} MB' if over else ''}")
    if failed:
        print(f"no wheel: {', '.join(failed)}")
    print(
        "There, in this checkout, for datasets knows installed packages by this folder's name:\n"
        f"  pip install --no-index --no-deps --target /tmp/site-packages {folder}/*.whl\n"
        "  PYTHONPATH=/tmp/site-packages python -m benchmarks.gpu"
    )
    return int(over or bool(failed))


def _download(requirements: Sequence[str], folder: Path, python: str) -> bool:
    """Fetch published wheels; return whether all were found."""
    platforms = [f"--platform={name}" for name in _PLATFORMS]
    options = ["--only-binary=:all:", f"--python-version={python}", "--implementation=cp"]
    return _pip("download", *options, *platforms, "--dest", str(folder), *requirements)


def _build(requirement: str, folder: Path) -> bool:
    """Build the wheel of a source distribution of Python code alone."""
    return _pip("wheel", "--wheel-dir", str(folder), requirement)


def _pip(*arguments: str) -> bool:
    command = [sys.executable, "-m", "pip", *arguments, "--no-deps", "--disable-pip-version-check"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def keep_one_library(wheel: Path, cuda: str) -> None:
    """Drop the libraries of a wheel for other accelerators than one version of CUDA.

    A later CUDA of the same major version is served too: bitsandbytes takes the nearest.

    Raises:
        ValueError: If the wheel has no library for it.
    """
    with zipfile.ZipFile(wheel) as archive:
        files = {info.filename: archive.read(info) for info in archive.infolist()}
    kept = {f"{_TOO_LARGE}/lib{_TOO_LARGE}_{kind}.so" for kind in (f"cuda{cuda}", "cpu")}
    if not kept <= files.keys():
        known = ", ".join(re.findall(r"_cuda(\d+)\.so", " ".join(sorted(files))))
        raise ValueError(f"{wheel.name}: no library for CUDA {cuda}; it has {known}")
    dropped = {name for name in files if name.endswith(".so") and name not in kept}
    partial = wheel.with_suffix(".partial")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            if name in dropped:
                continue
            is_record = name.endswith(".dist-info/RECORD")
            archive.writestr(name, _without(data, dropped) if is_record else data)
    partial.replace(wheel)


def _without(record: bytes, dropped: set[str]) -> bytes:
    lines = record.decode().splitlines(keepends=True)
    return "".join(line for line in lines if line.partition(",")[0] not in dropped).encode()


def given_names(file: Path) -> list[str]:
    """Return the distributions of a ``pip list --format=freeze`` or of names, one a line."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [re.split(r"[=<>@ ;\[]", line.strip())[0] for line in lines if line.strip()]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for wheels."""
    group = parser.add_argument_group("wheels for a machine without network")
    group.add_argument("--wheels", action="store_true", help="list the needed wheels")
    group.add_argument("--fetch", type=Path, metavar="DIR", help="download them here")
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    group.add_argument("--python", default=here, help=f"Python there (default: {here})")
    group.add_argument("--cuda", default="130", help="CUDA of torch there (default: 130)")
    group.add_argument(
        "--given", type=Path, metavar="FILE", help="its `pip list --format=freeze`: stays out"
    )


def run(options: argparse.Namespace) -> int | None:
    """Do what the options for wheels ask, and return the exit code; ``None`` without one."""
    if options.wheels:
        list_wheels()
        return 0
    if options.fetch is None:
        return None
    given: Sequence[str] = given_names(options.given) if options.given else ()
    return fetch(options.fetch, python=options.python, cuda=options.cuda, given=given)
