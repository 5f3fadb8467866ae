"""Which sandbox is taken, what is refused where there is none, and what the filter denies."""

import ctypes
import ctypes.util
import platform
import struct

import pytest

from evalguard.errors import UsageError
from evalguard.scorers import get, sandbox
from evalguard.scorers.sandbox import backends
from evalguard.scorers.sandbox.inside.syscalls import DENIED, MACHINES, filter_program
from tests.scorers.sandbox import needs_sandbox


@pytest.fixture
def nothing_installed(monkeypatch):
    """A machine without bubblewrap; the package ``sandlock`` is not installed either."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(backends, "find_spec", lambda _: None)
    backends._tried.cache_clear()
    yield
    backends._tried.cache_clear()


def test_code_without_a_sandbox_is_refused_before_anything_runs(nothing_installed):
    with pytest.raises(UsageError, match=r"bwrap is not installed; sandlock: .*apt install bubble"):
        sandbox.choose()
    with pytest.raises(UsageError, match="there is none here"):
        sandbox.passes("", "assert True", timeout_seconds=1, memory_bytes=1 << 30)
    with pytest.raises(UsageError, match=r"option 'sandbox'.*pip install 'evalguard\[sandbox\]'"):
        get("unit_tests", allow_code_execution=True)
    get("unit_tests", allow_code_execution=True, sandbox="none")


def test_a_sandbox_that_is_named_is_the_one_that_counts(nothing_installed):
    with pytest.raises(UsageError) as raised:
        sandbox.choose("sandlock")
    assert "bwrap" not in str(raised.value).partition("Install")[0]


def test_an_unknown_sandbox_is_refused():
    with pytest.raises(UsageError, match="'podman', 'docker' or 'none', got 'gvisor'"):
        get("unit_tests", allow_code_execution=True, sandbox="gvisor")


@needs_sandbox
def test_the_sandbox_taken_is_the_first_that_works():
    working = [one for one in sandbox.availability() if not one.problem]
    assert sandbox.choose() == working[0]
    assert working[0].description.startswith(working[0].kind)


def test_a_sandbox_that_does_not_work_says_why(monkeypatch, tmp_path):
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: denied' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    backends._tried.cache_clear()
    try:
        [found] = [one for one in sandbox.availability() if one.kind == "bubblewrap"]
    finally:
        backends._tried.cache_clear()
    assert found.problem == "bwrap: setting up uid map: denied"


def run(machine, number, argument=0):
    """Return what the filter answers to a call, as the kernel would run it."""
    data = {0: number, 4: MACHINES[machine][1], 16: argument}
    steps = list(struct.iter_unpack("=HBBI", filter_program(machine)))
    position, value = 0, 0
    while True:
        code, if_true, if_false, operand = steps[position]
        position += 1
        if code == 0x06:
            return operand
        if code == 0x20:
            value = data[operand]
            continue
        holds = {0x15: value == operand, 0x25: value > operand, 0x45: value & operand}[code]
        position += if_true if holds else if_false


@pytest.mark.parametrize("machine", MACHINES)
def test_the_filter_denies_what_it_lists_and_no_more(machine):
    column = MACHINES[machine][0]
    numbers = {one[column] for one in DENIED.values()} - {-1}
    clone, clone3, prlimit = [(56, 435, 302), (220, 435, 261)][column]
    for number in range(463):
        answer = run(machine, number, argument=0x3D0F00 if number == clone else 0)
        assert (answer == 0x7FFF0000) == (number not in numbers | {clone3}), number
    assert run(machine, clone, 17) == 0x00050001  # a process
    assert run(machine, prlimit, 1) == 0x00050001  # another's limits
    assert run(machine, 463) == run(machine, clone3) == 0x00050026  # no such call
    assert run(machine, 0x40000000 + 59) == 0x80000000  # the calls of x32


@pytest.mark.parametrize("machine", MACHINES)
def test_the_numbers_of_calls_are_those_of_libseccomp(machine):
    name = ctypes.util.find_library("seccomp")
    if name is None:
        pytest.skip("libseccomp is not installed")
    resolve = ctypes.CDLL(name).seccomp_syscall_resolve_name_arch
    architecture = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}[machine]
    known = {one: resolve(architecture, one.encode()) for one in DENIED}
    wrong = {
        one: (DENIED[one][MACHINES[machine][0]], number)
        for one, number in known.items()
        if number != -1 and max(number, -1) != DENIED[one][MACHINES[machine][0]]
    }
    assert not wrong
    assert sum(number >= 0 for number in known.values()) > 80


def test_this_machine_has_a_filter_or_no_sandbox():
    assert platform.machine() in MACHINES or all(one.problem for one in sandbox.availability())
