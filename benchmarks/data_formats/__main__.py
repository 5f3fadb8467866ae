"""Trains on every form and prints the table; exits 1 where a row misses its target."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.data_formats.forms import FORMS, Form
from benchmarks.data_formats.judged import Line, judge, reached
from benchmarks.data_formats.meant import Refused
from benchmarks.data_formats.models import FAMILIES, base_folder
from benchmarks.data_formats.rendered import Renderer
from benchmarks.data_formats.trained import train_on
from benchmarks.targets import add_options, as_measured, finish, is_asked
from evalguard.errors import did_you_mean

LONGEST_REASON = 200
"""Characters of what a row misses; all of it goes to ``--json``."""

HEADER = ("kind", "form", "base", "target", "came of it", "s", "reached", "why not")


def main() -> int:
    """Run the benchmark."""
    options = _options()
    forms = [form for form in FORMS.values() if is_asked(options, _names(form), form.group)]
    if not forms:
        print(f"no such form. {did_you_mean(' '.join(options.only or ()), FORMS)}")
        return 2
    os.environ |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(options.keep or name).resolve()
        lines = as_measured(
            run_forms(forms, folder), _plain, options, doing="training", total=len(forms)
        )
    console = Console(width=options.width)
    console.print(_table(lines, options.missed), markup=False)
    console.print(_summary(lines), markup=False)
    false = sum(line.false_success for line in lines)
    rows = [_plain(line) for line in lines]
    return finish(options, rows, false=false, called="false successes", started=started)


def run_forms(forms: Iterable[Form], folder: Path) -> Iterator[Line]:
    """Train on each form and yield its row.

    Args:
        forms: What to train on.
        folder: Where bases, files and adapters go.
    """
    from transformers import AutoTokenizer

    bases = folder / "bases"
    renderers: dict[str, Renderer] = {}
    for form in forms:
        if form.base not in renderers:
            tokenizer = AutoTokenizer.from_pretrained(base_folder(form.base, bases))
            renderers[form.base] = Renderer(tokenizer, FAMILIES[form.base])
        name = "".join(c if c.isalnum() else "-" for c in form.name).strip("-")
        result = train_on(form, folder / name, bases=bases)
        try:
            line = judge(form, result, renderers[form.base])
        except Exception as error:
            error.add_note(f"in form '{form.name}'")
            raise
        yield line


def _names(form: Form) -> tuple[str, ...]:
    return form.name, form.name.split(" ")[0]


def _table(lines: Sequence[Line], missed: bool) -> Table:
    table = Table(*HEADER)
    for line in lines:
        if line.misses or not missed:
            table.add_row(*_cells(line))
    return table


def _summary(lines: Sequence[Line]) -> Table:
    table = Table("kind", "rows reached", "false successes")
    total, hit, false = Counter[str](), Counter[str](), Counter[str]()
    for line in lines:
        total[line.form.group] += 1
        hit[line.form.group] += not line.misses
        false[line.form.group] += line.false_success
    for group, count in total.items():
        table.add_row(group, f"{hit[group]} of {count}", str(false[group]))
    return table


def _cells(line: Line) -> tuple[str, ...]:
    return (
        line.form.group,
        line.form.name,
        line.form.base,
        _target(line.form),
        reached(line.result),
        f"{line.result.seconds:.1f}",
        "FALSE" if line.false_success else "NO" if line.misses else "yes",
        "; ".join(miss.text for miss in line.misses)[:LONGEST_REASON],
    )


def _target(form: Form) -> str:
    names = ("one error" if isinstance(one, Refused) else "exact" for one in form.allowed)
    return " or ".join(dict.fromkeys(names))


def _plain(line: Line) -> dict[str, Any]:
    return {
        "name": line.form.name,
        "group": line.form.group,
        "what": line.form.what,
        "reference": line.form.reference,
        "base": line.form.base,
        "method": line.form.method,
        "target": _target(line.form),
        "code": line.result.code,
        "output": line.result.output,
        "seconds": round(line.result.seconds, 2),
        "misses": [miss.text for miss in line.misses],
        "false_success": line.false_success,
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.data_formats", description=__doc__)
    add_options(parser, row="form", group="sharegpt")
    parser.add_argument("--missed", action="store_true", help="show the rows that miss alone")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
