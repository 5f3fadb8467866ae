"""Scorers for program text: parses, passes its unit tests."""

from __future__ import annotations

import ast
import warnings
from math import comb
from typing import Annotated

from pydantic import AfterValidator, Field

from evalguard.errors import PrerequisiteError, UsageError
from evalguard.records import Metric
from evalguard.scorers.assertions import running_tests
from evalguard.scorers.fences import code_blocks
from evalguard.scorers.registry import scorer
from evalguard.scorers.sandbox import SandboxKind, choose, passes

MAX_SQL_CHARS = 50_000
"""A longer text is no SQL: the parser takes seconds on it."""


def is_python(text: str) -> bool:
    """Return whether a text is Python with more than bare names and constants in it.

    A lone word such as "Paris" would parse as well.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            warnings.simplefilter("ignore", DeprecationWarning)
            body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(
        not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Name | ast.Constant))
        for node in body
    )


def python_of(output: str) -> str:
    """Return the fenced Python of an output, all blocks joined; the output if it has none."""
    blocks = code_blocks(output, ("python", "py", "python3"))
    return "\n\n".join(blocks) if blocks else output


@scorer(name="python_parse", metrics=(Metric("python_parse"), Metric("python_parse_lenient")))
def python_parse(output: str) -> dict[str, float]:
    """Score 1 where the output parses as Python.

    Strict: the whole output. Lenient: its fenced blocks, joined, will do.
    """
    strict = is_python(output)
    lenient = strict or is_python(python_of(output))
    return {"python_parse": float(strict), "python_parse_lenient": float(lenient)}


def _must_be_allowed(value: bool) -> bool:
    """Refuse to run a model's code unless a person has said yes."""
    if not value:
        raise ValueError(
            "this scorer runs code that a model wrote, in a sandbox; set allow_code_execution: true"
        )
    return value


def _must_work(value: SandboxKind) -> SandboxKind:
    """Refuse a sandbox that this machine does not have, before anything is measured."""
    try:
        choose(value)
    except UsageError as error:
        raise ValueError(str(error)) from error
    return value


@scorer(
    name="unit_tests",
    metrics=(Metric("unit_tests"), Metric("unit_tests_lenient")),
    check_target=running_tests,
)
def unit_tests(
    output: str,
    target: str,
    *,
    allow_code_execution: Annotated[bool, AfterValidator(_must_be_allowed)] = False,
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 10.0,
    memory_mib: Annotated[int, Field(ge=64)] = 512,
    sandbox: Annotated[SandboxKind, AfterValidator(_must_work)] = "auto",
) -> dict[str, float]:
    """Score 1 where the output's Python passes the target, which is test code of assertions.

    Strict: the whole output is the program. Lenient: its fenced blocks, joined. Program and tests
    run in a sandbox each, see :mod:`evalguard.scorers.sandbox`. With several repeats the mean is
    pass@1; :func:`pass_at_k` gives the others.
    """

    def passed(program: str) -> bool:
        return is_python(program) and passes(
            program,
            target,
            timeout_seconds=timeout_seconds,
            memory_bytes=memory_mib << 20,
            kind=sandbox,
        )

    strict = passed(output)
    inner = python_of(output)
    lenient = strict or (inner != output and passed(inner))
    return {"unit_tests": float(strict), "unit_tests_lenient": float(lenient)}


def pass_at_k(n_samples: int, n_correct: int, k: int) -> float:
    """Return the unbiased chance that one of k samples passes (Chen et al. 2021, equation 1).

    Args:
        n_samples: Samples drawn for the problem, at least ``k``.
        n_correct: How many of them passed.
        k: Samples that a user would draw.

    Raises:
        ValueError: Unless ``0 <= n_correct <= n_samples`` and ``1 <= k <= n_samples``.

    Example:
        >>> pass_at_k(4, 2, 1), round(pass_at_k(4, 2, 2), 4)
        (0.5, 0.8333)
    """
    if not (0 <= n_correct <= n_samples and 1 <= k <= n_samples):
        raise ValueError(f"pass@k of {n_samples=}, {n_correct=}, {k=}: need c <= n and k <= n")
    return 1.0 - comb(n_samples - n_correct, k) / comb(n_samples, k)


def is_sql(text: str, dialect: str | None) -> bool:
    """Return whether a text is one or more SQL statements, as sqlglot parses them."""
    import sqlglot  # an optional package; asked for when the scorer is made
    from sqlglot import expressions as exp

    if len(text) > MAX_SQL_CHARS:
        return False
    try:
        statements = sqlglot.parse(text, read=dialect)
    except (sqlglot.errors.SqlglotError, RecursionError):
        return False
    # Two words of prose parse as a column and its alias, so that the kind of statement is asked.
    kinds = (exp.Query, exp.DML, exp.DDL, exp.Drop, exp.Alter)
    return bool(statements) and all(isinstance(one, kinds) for one in statements)


def _known_dialect(dialect: str | None) -> str | None:
    """Refuse a dialect that sqlglot does not know."""
    try:
        from sqlglot.dialects.dialect import Dialect
    except ImportError as error:
        raise PrerequisiteError("The scorer 'sql_valid'", extra="sql") from error
    if dialect is not None:
        Dialect.get_or_raise(dialect)
    return dialect


@scorer(
    name="sql_valid",
    metrics=(Metric("sql_valid"), Metric("sql_valid_lenient")),
    libraries=("sqlglot",),
)
def sql_valid(
    output: str, *, dialect: Annotated[str | None, AfterValidator(_known_dialect)] = None
) -> dict[str, float]:
    """Score 1 where the output parses as SQL: statements of data or of definitions.

    Strict: the whole output. Lenient: the last fenced block, or what a tag holds, will do.
    ``dialect`` is one of sqlglot's, such as ``postgres``.
    """
    strict = is_sql(output, dialect)
    blocks = code_blocks(output, ("sql",))
    lenient = strict or bool(blocks and is_sql(blocks[-1], dialect))
    return {"sql_valid": float(strict), "sql_valid_lenient": float(lenient)}
