"""Patterns that are compiled when they are used: every one compiles, and none does on import."""

import copy
import pickle
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
import regex

import evalguard.runner
import evalguard.scorers
from evalguard.scorers.lazy_patterns import _LazyPattern, lazy_re, lazy_regex


def _patterns() -> Iterator[tuple[str, Any]]:
    for package in (evalguard.scorers, evalguard.runner):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for name, value in vars(import_module(module.name)).items():
                for index, one in enumerate(value if isinstance(value, tuple) else (value,)):
                    if isinstance(one, _LazyPattern):
                        yield f"{module.name}.{name}[{index}]", one


def test_every_pattern_compiles():
    patterns = dict(_patterns())

    assert len(patterns) > 150
    for name, pattern in patterns.items():
        assert pattern.groups >= 0, name


def test_a_lazy_pattern_finds_what_a_compiled_one_finds():
    lazy, compiled = lazy_re(r"(?P<a>x+)(y)?", re.I), re.compile(r"(?P<a>x+)(y)?", re.I)

    assert lazy.findall("aXxy") == compiled.findall("aXxy") == [("Xx", "y")]
    assert lazy.sub("-", "xxyz") == compiled.sub("-", "xxyz")
    assert (lazy.pattern, lazy.flags, lazy.groups) == (
        compiled.pattern,
        compiled.flags,
        compiled.groups,
    )
    assert lazy.groupindex == compiled.groupindex


def test_named_lists_and_timeouts_are_those_of_regex():
    lazy = lazy_regex(r"\b\L<words>\b", regex.I, words=["cat", "dog"])

    assert [found[0] for found in lazy.finditer("Cat, dog, bird", timeout=5)] == ["Cat", "dog"]


def test_a_pattern_is_compiled_once():
    lazy = lazy_re("a")

    assert lazy.match is lazy.match
    assert len({found.re for found in lazy.finditer("banana")}) == 1


@pytest.mark.parametrize("make", [lazy_re, lazy_regex])
def test_a_broken_pattern_is_an_error_when_it_is_used(make):
    with pytest.raises((re.error, regex.error)):
        make("(").search("text")


def test_what_a_pattern_does_not_have_it_lacks():
    with pytest.raises(AttributeError):
        getattr(lazy_re("a"), "find")  # noqa: B009 - the type checker knows that it is not there


def _pickled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))  # noqa: S301 - made here


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, _pickled])
def test_a_copy_is_the_same_pattern(again):
    assert again(lazy_regex(r"\p{Lu}")).findall("aB") == ["B"]


def test_scorers_that_are_only_imported_compile_almost_nothing():
    program = (
        "import regex._main as main\n"
        "compiled, inner = [], main._compile\n"
        "main._compile = lambda *a, **k: compiled.append(a[0]) or inner(*a, **k)\n"
        "import evalguard.scorers.attribution, evalguard.scorers.numeric\n"
        "print(sum(map(len, compiled)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert int(done.stdout) < 4000  # characters; all patterns together have ten times that
