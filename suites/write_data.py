"""Write the data files of the suites from their templates: ``python suites/write_data.py``.

Everything is a function of :data:`SEED` and the files in ``templates``. Rows of one file are
different draws, so that they count as independent questions; 300 of them show a drop within
5 percentage points.
"""

from __future__ import annotations

import itertools
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

SEED = 11
ROWS = 300
HERE = Path(__file__).parent

Row = dict[str, Any]
Slots = Mapping[str, Sequence[Any]]


def write_all(folder: Path) -> None:
    """Write every data file.

    Args:
        folder: Where to write; the committed files stand in ``data`` beside this script.
    """
    folder.mkdir(parents=True, exist_ok=True)
    frames = _template("frames")
    _write(folder / "harmful.jsonl", _requests("harmful", frames))
    _write(folder / "benign.jsonl", _requests("benign", frames))
    _write(folder / "injection.jsonl", _injections())
    _write(folder / "secrets.jsonl", _secrets())
    for manner, name in (("holds", "answerable"), ("lacks", "unanswerable")):
        _write(folder / f"{name}.jsonl", _texts(manner))
    _write(folder / "contradictory.jsonl", _texts("contradicts"))
    for part in ("lists", "lengths", "keywords"):
        _write(folder / f"{part}.jsonl", _demands(part))
    _write(folder / "records.jsonl", _records())


def _requests(name: str, frames: Mapping[str, Sequence[Any]]) -> Iterator[Row]:
    """Yield as many requests of each category in each frame."""
    rng = np.random.default_rng(SEED)
    categories = _template(name)
    each = ROWS // len(categories)
    for category, content in categories.items():
        texts = _spread(rng, content["requests"], content["slots"], each)
        for number, text in enumerate(texts):
            variant = list(frames)[number % len(frames)]
            frame = _pick(rng, frames[variant])
            yield {
                "id": f"{category}-{number + 1:02}",
                "category": category,
                "variant": variant,
                "messages": _filled(frame, {"request": text}),
            }


def _injections() -> Iterator[Row]:
    rng = np.random.default_rng(SEED)
    parts = _template("injection")
    for number in range(ROWS):
        topic = _pick(rng, parts["topics"])
        values = _values(rng, parts["slots"])
        sentences = _filled(topic["facts"], values).split(". ")
        order = _filled(_pick(rng, parts["instructions"]), values)
        sentences.insert(int(rng.integers(1, len(sentences) + 1)), order)
        fields = {
            "subject": topic["subject"],
            "question": topic["question"],
            "text": ". ".join(one.rstrip(".") for one in sentences) + ".",
        }
        yield {
            "id": f"injection-{number + 1:03}",
            "prompt": _filled(_pick(rng, parts["tasks"]), fields),
            "answer": _filled(topic["answer"], values),
            "canary": values["canary"],
        }


def _secrets() -> Iterator[Row]:
    rng = np.random.default_rng(SEED)
    parts = _template("secrets")
    for number in range(ROWS):
        kept = _pick(rng, parts["secrets"])
        values = _values(rng, parts["slots"])
        values["value"] = kept["value"].format(n=int(rng.integers(100, 1000)))
        values |= {"what": kept["what"], "What": kept["what"].capitalize()}
        system = _filled(_pick(rng, parts["systems"]), values)
        attempt = parts["attempts"][number % len(parts["attempts"])]
        yield {
            "id": f"secret-{number + 1:03}",
            "messages": [{"role": "system", "content": system}, *_filled(attempt, values)],
            "secret": values["value"],
        }


def _texts(manner: str) -> Iterator[Row]:
    """Yield texts that hold the fact asked for, lack it, or contradict themselves on it."""
    rng = np.random.default_rng(SEED)
    parts = _template("grounding")
    seen: set[str] = set()
    while len(seen) < ROWS:
        scene = _pick(rng, list(parts["prompt_facts"].values()))
        values = _values(rng, parts["slots"])
        asked = _pick(rng, scene["facts"])
        told = [one for one in scene["facts"] if manner != "lacks" or one is not asked]
        text = " ".join([scene["intro"], *(one["say"] for one in told)])
        key = asked["key"]
        text = _filled(text, values)
        if manner == "contradicts":
            other = _pick(rng, [one for one in parts["slots"][key] if one != values[key]])
            text += " " + _filled(asked["again"], {**values, key: other})
        question = _filled(asked["ask"], values)
        if text + question in seen:
            continue
        seen.add(text + question)
        answer = values[key] if manner == "holds" else ""
        yield {
            "id": f"{manner}-{len(seen):03}",
            "text": _sentence_case(text),
            "question": question,
            "answer": answer,
        }


def _demands(part: str) -> Iterator[Row]:
    rng = np.random.default_rng(SEED)
    parts = _template("instruction")
    seen: set[str] = set()
    for number in itertools.count():
        kind = parts[part][number % len(parts[part])]
        values = {**_values(rng, parts["slots"]), "topic": _pick(rng, parts["topics"])}
        prompt = _filled(f"{kind['task']} {kind['ask']}", values)
        if prompt in seen:
            continue
        seen.add(prompt)
        yield {
            "id": f"{part}-{len(seen):03}",
            "prompt": prompt,
            "constraints": _filled(kind["constraints"], values),
        }
        if len(seen) == ROWS // 3:
            return


def _records() -> Iterator[Row]:
    rng = np.random.default_rng(SEED)
    parts = _template("format")
    for number in range(ROWS):
        record = _pick(rng, list(parts["records"].values()))
        values = _values(rng, parts["slots"])
        keys = list(record["fields"])
        sentence = _filled(_pick(rng, record["sentences"]), values)
        fields = {"keys": f"{', '.join(keys[:-1])} and {keys[-1]}", "sentence": sentence}
        yield {
            "id": f"record-{number + 1:03}",
            "prompt": _filled(_pick(rng, parts["prompts"]), fields),
            "answer": json.dumps({key: values[key] for key in keys}, ensure_ascii=False),
            "schema": {
                "type": "object",
                "properties": {key: {"type": kind} for key, kind in record["fields"].items()},
                "required": keys,
                "additionalProperties": False,
            },
        }


def _spread(
    rng: np.random.Generator, templates: Sequence[str], slots: Slots, count: int
) -> list[str]:
    """Return different texts, as many of each template as possible."""
    by_template = []
    for template in templates:
        names = re.findall(r"{(\w+)}", template)
        combinations = itertools.product(*(slots[name] for name in names))
        texts = [template.format(**dict(zip(names, one, strict=True))) for one in combinations]
        by_template.append([texts[index] for index in rng.permutation(len(texts))])
    in_turn = itertools.chain.from_iterable(zip(*by_template, strict=False))
    return [_sentence_case(text) for text in itertools.islice(in_turn, count)]


def _values(rng: np.random.Generator, slots: Slots) -> dict[str, Any]:
    return {name: _pick(rng, values) for name, values in slots.items()}


def _pick(rng: np.random.Generator, options: Sequence[Any]) -> Any:
    return options[int(rng.integers(len(options)))]


def _filled(template: Any, values: Mapping[str, Any]) -> Any:
    """Fill the slots of all texts in a structure; a slot that stands alone keeps its type."""
    if isinstance(template, Mapping):
        return {key: _filled(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, values) for value in template]
    if not isinstance(template, str):
        return template
    alone = re.fullmatch(r"{(\w+)}", template)
    if alone and alone[1] in values:
        return values[alone[1]]
    return re.sub(r"{(\w+)}", lambda slot: str(values[slot[1]]), template)


def _sentence_case(text: str) -> str:
    """Return the text with a capital at the start of each sentence."""
    return re.sub(r"(^|[.!?] )([a-z])", lambda found: found[1] + found[2].upper(), text)


def _template(name: str) -> Any:
    return yaml.safe_load((HERE / "templates" / f"{name}.yaml").read_text(encoding="utf-8"))


def _write(path: Path, rows: Iterable[Row]) -> None:
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_all(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "data")
