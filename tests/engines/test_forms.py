"""What a project says to an engine that is written in another form."""

import re

import pytest
import yaml

from evalguard.config.project import Engine
from evalguard.engines.forms import advice


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("hf", "{name: hf}"),
        (" HF ", "{name: hf}"),
        ("vlm", "{name: vllm}"),
        ("transformers", "{name: hf}"),
        ("auto", "{name: auto}"),
        ("endpoint", "{name: endpoint, options: {base_url: http://localhost:8000/v1}}"),
        ("http://gpu:9000/v1", "{name: endpoint, options: {base_url: http://gpu:9000/v1}}"),
        ("ollama", "{name: endpoint, options: {base_url: "),
        ("something", "'something' is not an engine; write a mapping such as {name: hf}"),
        ("", "a mapping such as {name: hf}"),
        (None, "a mapping such as {name: hf}"),
        (True, "a mapping such as {name: hf}"),
        (["hf"], "a mapping such as {name: hf}"),
        ({"hf": None}, "{name: hf}"),
        ({"vllm": {"dtype": "auto"}}, "{name: vllm, …}"),
        ({"type": "hf"}, "'type' is called 'name' here: write {name: hf}"),
        ({"engine": "sglang"}, "'engine' is called 'name' here: write {name: sglang}"),
        ({"backend": ["x"]}, "'backend' is called 'name' here"),
        ({"name": "endpoint", "url": "http://x/v1"}, "'url' is an option: write {name: endpoint"),
    ],
)
def test_other_forms(written, right):
    assert right in str(advice(written, Engine.model_fields))


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"name": "hf"},
        {"name": "sglang"},
        {"nmae": "hf"},
        {"name": "vllm", "option": {}},
        {3: 4},
    ],
)
def test_what_may_be_an_engine_is_left_to_the_other_checks(written):
    assert advice(written, Engine.model_fields) is None


def test_every_example_is_one():

    for text in ("hf", "vlm", "http://x/v1", "endpoint", {"api_base": "http://x"}, {"hf": 1}):
        [example] = re.findall(r"\{.*\}", str(advice(text, Engine.model_fields)))
        found = yaml.safe_load(example.replace(", …", ""))
        assert Engine.model_validate(found).name == found["name"]
