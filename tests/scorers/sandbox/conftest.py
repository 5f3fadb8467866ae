"""Each test runs in every sandbox of this machine."""

import functools

import pytest

from evalguard.scorers.sandbox.backends import KINDS
from tests.scorers import sandbox


@pytest.fixture(params=KINDS)
def kind(request):
    """A kind of sandbox."""
    if why := sandbox.missing(request.param):
        pytest.skip(f"{request.param} does not work here: {why}")
    return request.param


@pytest.fixture
def passes(kind):
    """Return whether a program passes tests, in a sandbox of a kind."""
    return functools.partial(sandbox.passes, kind=kind)
