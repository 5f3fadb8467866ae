"""Results as a check of the embedded model gives them, one for each damage."""

from __future__ import annotations

import pytest

from evalguard.records import CheckResult
from tests.reports import examples


@pytest.fixture(name="healthy")
def fixture_healthy() -> CheckResult:
    return examples.check_result({"tickets-v2": examples.HEALTHY})


@pytest.fixture(name="forgetting")
def fixture_forgetting() -> CheckResult:
    return examples.check_result({"tickets-v2": examples.FORGETTING})


@pytest.fixture(name="several")
def fixture_several() -> CheckResult:
    """Three candidates: one healthy, one that forgot, one that lost its safety."""
    return examples.check_result(
        {
            "tickets-v1": examples.FORGETTING,
            "tickets-v2": examples.HEALTHY,
            "tickets-v3": examples.SAFETY,
        }
    )
