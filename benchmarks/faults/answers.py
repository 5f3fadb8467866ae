"""Models that answer by a rule, where no weights matter."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from benchmarks.faults.planting import Place, Seen
from evalguard.errors import EngineError

Answer = Callable[[str], "str | EngineError"]


@cache
def _targets() -> dict[str, str]:
    """Return the target of each question of the project in the working folder."""
    lines = Path("suites/facts.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return {row["question"]: row["answer"] for row in rows}


def right(prompt: str) -> str:
    """Return the target."""
    found = [target for question, target in _targets().items() if question in prompt]
    return found[-1] if found else "nothing"


def _share(prompt: str) -> int:
    """Return a number from 0 to 99 that depends on the prompt alone."""
    return int.from_bytes(prompt.encode("utf-8", "surrogatepass")[-40:], "big") * 31 % 97


def wrong(prompt: str) -> str:
    """Return a text of a few words that is no target and differs from prompt to prompt."""
    return f"word {'abcdefghijklmnopqrstuvwxyz'[_share(prompt) % 26]}{_share(prompt)}"


def half(prompt: str) -> str:
    """Return the target of two questions in three."""
    return wrong(prompt) if _share(prompt) % 3 == 0 else right(prompt)


def few(prompt: str) -> str:
    """Return the target of three questions in a hundred."""
    return right(prompt) if _share(prompt) < 3 else wrong(prompt)


def nothing(prompt: str) -> str:
    """Return an empty answer."""
    del prompt
    return ""


def yes(prompt: str) -> str:
    """Return one answer to everything."""
    del prompt
    return "yes"


def loops(prompt: str) -> str:
    """Say the same words again and again."""
    return "the capital is " * (12 + _share(prompt) % 3)


def unreadable(prompt: str) -> str:
    """Return what no text is."""
    return "\ufffd" * (9 + _share(prompt) % 5)


def signs(prompt: str) -> str:
    """Return no word."""
    return "." * (2 + _share(prompt) % 7)


def blank(prompt: str) -> str:
    """Return white space."""
    return " " * (1 + _share(prompt) % 4)


def half_silent(prompt: str) -> str:
    """Say nothing to one question in three."""
    return "" if _share(prompt) % 3 == 0 else right(prompt)


def fails(prompt: str) -> EngineError:
    """Fail."""
    return EngineError(f"out of memory at {len(prompt)} characters")


def fails_where_wrong(prompt: str) -> str | EngineError:
    """Fail on one question in ten, and be right on the others."""
    return fails(prompt) if _share(prompt) % 10 == 0 else right(prompt)


def fails_where_half(prompt: str) -> str | EngineError:
    """Fail on the questions that :func:`half` does not know."""
    return fails(prompt) if _share(prompt) % 3 == 0 else right(prompt)


def thinks_where_wrong(prompt: str) -> str:
    """Never stop thinking on one question in ten, and be right on the others."""
    return f"<think>{right(prompt)} or" if _share(prompt) % 10 == 0 else right(prompt)


ANSWERS: dict[str, Answer] = {
    function.__name__: function
    for function in (
        right, wrong, half, few, nothing, fails, fails_where_wrong, fails_where_half,
        thinks_where_wrong, yes, loops, unreadable, signs, blank, half_silent,
    )
}  # fmt: skip


def checked(place: Place, candidate: str | Answer, *, base: str | Answer = "right") -> Seen:
    """Check with models that answer by rules; suites of choices are left out."""
    given = [ANSWERS[one] if isinstance(one, str) else one for one in (base, candidate)]
    place.edit("evalguard.yaml", "- general\n", "")
    return place.call(partial(check_scripted, *given))


def check_scripted(base: Answer, candidate: Answer) -> int:
    """Check the project in the working folder, print the result and write every report."""
    import evalguard
    from evalguard.engines.base import BASE
    from evalguard.engines.fake import FakeEngine
    from evalguard.errors import EvalGuardError
    from evalguard.reports.terminal import print_summary

    engine = FakeEngine({BASE: base, "v2": candidate})
    try:
        result = evalguard.check(engine=engine, progress=False)
    except EvalGuardError as error:
        print(f"error: {error}")
        return int(error.exit_code)
    print_summary(result)
    evalguard.write_html(result, "reports/index.html")
    evalguard.write_json(result, "result.json")
    return int(evalguard.exit_code(result))
