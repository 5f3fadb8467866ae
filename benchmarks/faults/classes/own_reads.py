"""Stored samples of scorers and functions whose code reads more than it imports."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.faults.classes.stored_tasks import RESULTS, changed_after, in_task_file
from benchmarks.faults.declared import anew, blocked, declare
from benchmarks.faults.planting import Place, Seen

scoring = partial(declare, "stored samples: scorer")
reading = partial(declare, "stored samples: reads")

OWN_SCORER = (
    "from evalguard.scorers import scorer\n{imports}\n\n\n"
    '@scorer(name="own")\n'
    "def own(output: str, target: str) -> bool:\n"
    "    return {value} and output.strip() == target\n"
)


def own_scorer(place: Place, *, imports: str = "", value: str = "True") -> None:
    """Score the test set by a scorer of the project's own."""
    place.write("scorers/own.py", OWN_SCORER.format(imports=imports, value=value))
    place.edit("evalguard.yaml", "suites:\n", "scorer_modules: [scorers/own.py]\nsuites:\n")
    place.edit("suites/facts.yaml", "exact_match", "own")
    place.gates("suite: facts, metric: own, max_drop: 10pp, min: 0.5")


@scoring("the code of a scorer changes", blocked())
def _scorer(place: Place) -> Seen:
    own_scorer(place)
    return changed_after(place, "scorers/own.py", "return True", "return False")


@scoring("a helper that a scorer imports changes", blocked())
def _scorer_helper(place: Place) -> Seen:
    place.write("scorers/marks.py", "VALUE = True\n")
    path = "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).parent))\n"
    own_scorer(place, imports=f"{path}from marks import VALUE", value="VALUE")
    return changed_after(place, "scorers/marks.py", "True", "False")


@scoring("a helper that a scorer imports from a package of the project changes", blocked())
def _scorer_package(place: Place) -> Seen:
    place.write("scorers/__init__.py", "")
    place.write("scorers/marks.py", "VALUE = True\n")
    path = "import sys\nsys.path.insert(0, '.')\n"
    own_scorer(place, imports=f"{path}from scorers.marks import VALUE", value="VALUE")
    return changed_after(place, "scorers/marks.py", "True", "False")


@scoring("a word list that a scorer opens changes", blocked())
def _scorer_file(place: Place) -> Seen:
    place.write("scorers/words.txt", "yes")
    imports = "from pathlib import Path"
    value = "Path(__file__).with_name('words.txt').read_text() == 'yes'"
    own_scorer(place, imports=imports, value=value)
    return changed_after(place, "scorers/words.txt", "yes", "no")


@scoring("an environment variable that a scorer reads changes", blocked())
def _scorer_variable(place: Place) -> Seen:
    own_scorer(place, imports="import os", value="os.environ.get('STRICT') is None")
    place.check("--full")
    return place.check(env={"STRICT": "1"})


HERE = "from pathlib import Path\n\nHERE = Path(__file__).parent"

BESIDE = "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).parent))\n"


def then(place: Place, change: Callable[[], object], *, imports: str, value: str) -> Seen:
    """Measure with a scorer, change something, and check again."""
    own_scorer(place, imports=imports, value=value)
    first = place.check("--full")
    if first.code != 0:
        raise RuntimeError(f"without the fault: {first.last_line}\n{first.output[-800:]}")
    change()
    return place.check()


@reading("a scorer globs a folder of word lists, which gets another one", blocked())
def _folder(place: Place) -> Seen:
    place.write("scorers/words/a.txt", "yes")
    return then(
        place,
        lambda: place.write("scorers/words/b.txt", "no"),
        imports=HERE,
        value="len(list((HERE / 'words').glob('*.txt'))) == 1",
    )


@reading("a file appears for which a scorer looked in vain", blocked())
def _appears(place: Place) -> Seen:
    code = (
        "def strict():\n    try:\n        open('strict.txt')\n    except OSError:\n"
        "        return False\n    return True"
    )
    return then(place, lambda: place.write("strict.txt", ""), imports=code, value="not strict()")


@reading("a scorer reads a table by a function of numpy", blocked())
def _package(place: Place) -> Seen:
    place.write("scorers/weights.csv", "1\n")
    return then(
        place,
        lambda: place.write("scorers/weights.csv", "0\n"),
        imports=f"import numpy\n{HERE}",
        value="float(numpy.loadtxt(HERE / 'weights.csv')) == 1",
    )


@reading("a thread of a scorer reads a file", blocked())
def _thread(place: Place) -> Seen:
    place.write("scorers/words.txt", "yes")
    code = (
        f"from concurrent.futures import ThreadPoolExecutor\n{HERE}\n\n\ndef read():\n"
        "    return (HERE / 'words.txt').read_text()\n\n\ndef words():\n"
        "    with ThreadPoolExecutor(1) as pool:\n        return pool.submit(read).result()"
    )
    return then(
        place,
        lambda: place.write("scorers/words.txt", "no"),
        imports=code,
        value="words() == 'yes'",
    )


@reading("a scorer looks words up in a database", blocked())
def _database(place: Place) -> Seen:
    def write(word: str) -> None:
        with sqlite3.connect(place / "words.db") as database:
            database.execute("create table if not exists words (word)")
            database.execute("delete from words")
            database.execute("insert into words values (?)", (word,))
        database.close()

    write("yes")
    code = (
        "import sqlite3\n\n\ndef words():\n    database = sqlite3.connect('words.db')\n"
        "    found = database.execute('select word from words').fetchone()[0]\n"
        "    database.close()\n    return found"
    )
    return then(place, lambda: write("no"), imports=code, value="words() == 'yes'")


@reading("a link that a scorer opens leads to another file", blocked())
def _link(place: Place) -> Seen:
    place.write("scorers/yes.txt", "yes")
    place.write("scorers/no.txt", "no")
    link = place / "scorers/words.txt"
    link.symlink_to("yes.txt")

    def turn() -> None:
        link.unlink()
        link.symlink_to("no.txt")

    return then(place, turn, imports=HERE, value="(HERE / 'words.txt').read_text() == 'yes'")


@reading("the bytecode beside a helper of a scorer is of other code", blocked())
def _bytecode(place: Place) -> Seen:
    place.write("scorers/marks.py", "VALUE = True\n")

    def forge() -> None:
        import importlib.util
        import marshal

        source = place / "scorers/marks.py"
        cached = Path(importlib.util.cache_from_source(str(source)))
        cached.parent.mkdir(exist_ok=True)
        found = source.stat()
        head = [0, int(found.st_mtime), found.st_size]
        cached.write_bytes(
            importlib.util.MAGIC_NUMBER
            + b"".join(one.to_bytes(4, "little") for one in head)
            + marshal.dumps(compile("VALUE = False\n", str(source), "exec"))
        )

    own_scorer(place, imports=f"{BESIDE}from marks import VALUE", value="VALUE")
    first = place.check("--full")
    forge()
    second = place.check()
    place.forget()
    fresh = place.check()
    if first.code == second.code == fresh.code == 0:
        return Seen(code=4, output="the same as from a fresh store")
    return Seen(code=0, output=f"{first.code}, {second.code}, and {fresh.code} anew")


@reading("a package outside the project, on PYTHONPATH, changes", blocked())
def _outside(place: Place) -> Seen:
    outside = place.folder.with_name(f"{place.folder.name}-outside")
    (outside / "rules").mkdir(parents=True)
    (outside / "rules/__init__.py").write_text("from rules.marks import VALUE\n")
    (outside / "rules/marks.py").write_text("VALUE = True\n")
    own_scorer(place, imports="from rules import VALUE", value="VALUE")
    first = place.script("-m", "evalguard", "check", "--full", package=outside)
    if first.code != 0:
        raise RuntimeError(f"without the fault: {first.output[-800:]}")
    (outside / "rules/marks.py").write_text("VALUE = False\n")
    seen = place.script("-m", "evalguard", "check", package=outside)
    shutil.rmtree(outside)
    return seen


@reading("a scorer copies the environment and reads a variable from that", blocked())
def _copied(place: Place) -> Seen:
    own_scorer(place, imports="import os\n\nENV = dict(os.environ)", value="'STRICT' not in ENV")
    place.check("--full")
    return place.check(env={"STRICT": "1"})


@reading("a helper of a !function reads a file while it scores", blocked())
def _scores(place: Place) -> Seen:
    place.write("suites/weight.txt", "1")
    place.write(
        "suites/helper.py",
        "from pathlib import Path\n\n\ndef weight():\n"
        "    return float(Path(__file__).with_name('weight.txt').read_text())\n",
    )
    code = RESULTS.format(imports="import helper", value="helper.weight()")
    in_task_file(place, "process_results", code)
    return changed_after(place, "suites/weight.txt", "1", "0")


@reading("a !function looks a variable up by os.getenv when it is imported", blocked())
def _getenv(place: Place) -> Seen:
    imports = "import os\n\nWEIGHT = float(os.getenv('WEIGHT', '1'))"
    in_task_file(place, "process_results", RESULTS.format(imports=imports, value="WEIGHT"))
    place.check("--full")
    return place.check(env={"WEIGHT": "0"})


@reading("a file changes while the scorer that read it goes on scoring", blocked("changed after"))
def _meanwhile(place: Place) -> Seen:
    place.write("words.txt", "yes")
    place.forget()
    code = (
        "import subprocess\n\n\ndef words():\n    found = open('words.txt').read()\n"
        "    subprocess.run(['sh', '-c', 'echo other > words.txt'])\n    return found"
    )
    own_scorer(place, imports=code, value="words()")
    return place.check("--full")


@reading("a plan is damaged, and the process checked another project before", blocked("edited"))
def _second(place: Place) -> Seen:
    place.write("words.txt", "yes")
    own_scorer(place, value="open('words.txt').read() == 'yes'")
    place.check("--full")
    other = place.folder / "other"
    for name in ("models", "adapters", "suites", "thresholds", "scorers"):
        shutil.copytree(place / name, other / name)
    for name in ("evalguard.yaml", "words.txt"):
        shutil.copy(place / name, other / name)
    for name in ("suites/facts.yaml", "thresholds/release.yaml", "scorers/own.py"):
        text = (other / name).read_text()
        (other / name).write_text(text.replace('"own"', '"other"').replace("- own", "- other")
                                  .replace("metric: own", "metric: other"))  # fmt: skip
    with place.store() as store:
        store.execute(
            "update evalguard_facts set value = replace(value, '\"rows\"', '\"lines\"') "
            "where name = 'outlines'"
        )
    return place.call(_check_after_another)


def _check_after_another() -> int:
    from evalguard.cli import main

    here = Path.cwd()
    os.chdir("other")
    if main(["check"]) != 0:
        raise RuntimeError("the other project does not pass")
    os.chdir(here)
    return main(["check"])


@reading("a module of an installed scoring package is edited", anew("baseline", "general"))
def _installed(place: Place) -> Seen:
    import rouge_score

    found = Path(rouge_score.__file__).parent
    target = place / "lib/site-packages"
    shutil.copytree(found, target / "rouge_score", ignore=shutil.ignore_patterns("__pycache__"))
    [info] = found.parent.glob("rouge_score-*.dist-info")
    shutil.copytree(info, target / info.name)
    os.utime(target / info.name / "RECORD")
    check = ("-m", "evalguard", "check", "--json", "result.json")
    place.script(*check, "--full", package=target)
    with (target / "rouge_score/scoring.py").open("a") as stream:
        stream.write("\n# edited\n")
    return place.script(*check, package=target)
