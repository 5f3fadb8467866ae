"""No test patches an engine or the pool of models: it opens one that answers by a script."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(set((ROOT / "tests").rglob("*.py")) - {Path(__file__)})

_ENGINE = re.compile(r"^class (\w*Engine)\b", re.MULTILINE)
CLASSES = {
    name
    for path in (ROOT / "evalguard" / "engines").rglob("*.py")
    for name in _ENGINE.findall(path.read_text("utf-8"))
} | {"ModelPool"}

_OWNER = rf"[\w.]*\b(?:{'|'.join(sorted(CLASSES))})\b"
_PATCHES = re.compile(
    rf"""(?x)
      (?: setattr | delattr | patch (?:\.object|\.multiple)? ) \( \s* ["']? {_OWNER}  # a class
    | (?: setattr | delattr | patch\.object ) \( \s* (?:engine|pool) \s* ,  # an opened one
    | \b{_OWNER} \. \w+ \s* = (?!=)  # an attribute of a class
    """
)


def test_the_classes_are_found():
    assert {"Engine", "HFEngine", "VLLMEngine", "EndpointEngine", "ModelPool"} <= CLASSES


@pytest.mark.parametrize(
    "text",
    [
        'monkeypatch.setattr(HFEngine, "stream", stream)',
        'monkeypatch.setattr(\n    HFEngine, "stream", stream\n)',
        'monkeypatch.setattr("evalguard.engines.hf.HFEngine.stream", stream)',
        'monkeypatch.setattr(hf.HFEngine, "stream", stream)',
        'setattr(ModelPool, "engine_of", engine_of)',
        'patch.object(ModelPool, "engine_of")',
        'patch("evalguard.engines.vllm.VLLMEngine")',
        'patch.object(engine, "respond", wrong)',
        "HFEngine.__init__ = refuse",
        "models.ModelPool.engine_of = engine_of",
        'monkeypatch.delattr(EndpointEngine, "behaviour")',
    ],
)
def test_a_patch_would_be_seen(text):
    assert _PATCHES.search(text)


@pytest.mark.parametrize(
    "text", ["engine = HFEngine(settings)", "HFEngine.name == 'hf'", 'setattr(tokenizer, "encode")']
)
def test_what_is_no_patch_is_left_alone(text):
    assert not _PATCHES.search(text)


def test_no_test_patches_an_engine_or_the_pool():
    found = {
        str(path.relative_to(ROOT)): _PATCHES.findall(text)
        for path in FILES
        if _PATCHES.search(text := path.read_text("utf-8"))
    }
    assert not found, found
