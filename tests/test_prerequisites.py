"""A missing package of an extra names the extra; any other missing module is a defect."""

import re

import pytest

from evalguard.errors import ExitCode, PrerequisiteError
from evalguard.prerequisites import prerequisites

LINE = "pip install 'evalguard"


def fail(module: str) -> None:
    with prerequisites("A check"):
        raise ModuleNotFoundError(f"No module named '{module}'", name=module)


@pytest.mark.parametrize(
    ("module", "extra"),
    [
        ("torch", "models"),
        ("transformers.models.llama", "models"),
        ("lm_eval", "models"),
        ("datasets", "models"),
        ("trl", "train"),
        ("bitsandbytes", "train"),
        ("httpx", "endpoint"),
        ("vllm", "vllm"),
        ("sqlglot", "sql"),
        ("psycopg", "postgres"),
        ("langdetect", "benchmarks"),
    ],
)
def test_the_extra_is_named(module, extra):
    message = f"A check needs packages that are not installed. Install them with: {LINE}[{extra}]'"
    with pytest.raises(PrerequisiteError, match=re.escape(message)) as found:
        fail(module)
    assert found.value.exit_code == ExitCode.USAGE


@pytest.mark.parametrize("module", ["evalguard.gone", "ours", "", "numpyy"])
def test_any_other_module_is_a_defect(module):
    with pytest.raises(ModuleNotFoundError):
        fail(module)


def test_other_errors_pass():
    with pytest.raises(ImportError, match="circular"), prerequisites("A check"):
        raise ImportError("circular")


def test_a_package_that_lacks_a_name_is_too_old():
    with (
        pytest.raises(PrerequisiteError, match=re.escape(f"{LINE}[train]")),
        prerequisites("A run"),
    ):
        raise ImportError("cannot import name 'GRPO' from 'trl'", name="trl")


def test_a_feature_names_the_extra_that_has_all_it_needs():
    with (
        pytest.raises(PrerequisiteError, match=re.escape(f"{LINE}[train]")),
        prerequisites("Training", extra="train"),
    ):
        raise ModuleNotFoundError("No module named 'torch'", name="torch")
