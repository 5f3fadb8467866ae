"""One side of a comparison: a process that runs one task on one engine.

``python -m benchmarks.one_task evalguard|lm_eval hf|vllm FOLDER TASK`` prints the seconds in the
engine and what it gave for every sample as JSON. :func:`write` makes the folder: a randomly
initialised Llama of 20 million parameters, two tasks of choices whose five-shot header is shared by
all questions, and one of generations that are short and long.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

SHOTS = 5
ITEMS = 32
CHOICES = 4
SHOT_WORDS = 120
QUESTION_WORDS = (40, 60)
LONG_CHOICE_WORDS = (5, 9)

_RATE_PROMPTS = 16

SINGLE, LONG = "single_token_choices", "multi_token_choices"

ANSWERS = "answers_of_mixed_lengths"
PROMPTS = 1024
NEW_TOKENS = 256
STOP = "on"
"""A random model writes it after 80 tokens on average, sometimes at once, sometimes never."""

_LM_EVAL_ARGUMENTS: dict[str, dict[str, Any]] = {
    "vllm": {"batch_size": "auto", "enforce_eager": True, "enable_prefix_caching": True},
    "hf": {"batch_size": 64, "device": "cpu"},
}

_WORDS = [
    "What",
    "is",
    "the",
    "flag",
    "colour",
    "landmark",
    "mayor",
    "river",
    "of",
    "Quarrin",
    "Balmore",
    "Silvane",
    "Elmstad",
    "theatre",
    "harbour",
    "fountain",
    "bridge",
]


def write(folder: Path, *, seed: int = 0) -> None:
    """Write the model and the tasks."""
    write_model(folder / "model")
    rng = random.Random(seed)  # noqa: S311 - questions, not secrets
    for name in (SINGLE, LONG):
        for split, rows in (("train", SHOTS), ("test", ITEMS)):
            lines = [json.dumps(_row(rng, name, split)) for _ in range(rows)]
            (folder / f"{name}-{split}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        own = {
            "fewshot_split": "train",
            "fewshot_config": {"sampler": "first_n"},
            "num_fewshot": SHOTS,
            "output_type": "multiple_choice",
            "doc_to_choice": "{{ choices }}",
            "metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}],
        }
        _write_task(folder, name, ("train", "test"), own)
    questions = (_text(rng, rng.randint(*QUESTION_WORDS)) for _ in range(PROMPTS))
    lines = [json.dumps({"question": question, "answer": "none"}) for question in questions]
    (folder / f"{ANSWERS}-test.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    generation = {"until": [STOP], "max_gen_toks": NEW_TOKENS, "do_sample": False}
    own = {
        "output_type": "generate_until",
        "generation_kwargs": generation,
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
    }
    _write_task(folder, ANSWERS, ("test",), own)


def _write_task(
    folder: Path, name: str, splits: Sequence[str], settings: Mapping[str, Any]
) -> None:
    task = {
        "task": name,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {split: f"{name}-{split}.jsonl" for split in splits}},
        "test_split": "test",
        "doc_to_text": "{{ question }}",
        "doc_to_target": "{{ answer }}",
        "metadata": {"version": 1.0},
        **settings,
    }
    text = yaml.safe_dump(task, sort_keys=False)
    (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


def header_tokens(folder: Path, name: str) -> int:
    """Return the length of the few-shot header that all questions of a task share."""
    tokenizer = _tokenizer(folder)
    rows = (folder / f"{name}-train.jsonl").read_text(encoding="utf-8").splitlines()
    return sum(len(tokenizer(json.loads(row)["question"]).input_ids) for row in rows)


def write_model(folder: Path, *, seed: int = 0) -> None:
    """Write a randomly initialised Llama of 20 million parameters, with a tokenizer."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    from evalguard.demo import model_path

    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(model_path())
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=512,
        intermediate_size=1408,
        num_hidden_layers=6,
        num_attention_heads=8,
        num_key_value_heads=8,
        max_position_embeddings=2048,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        initializer_range=0.1,  # far from uniform, so that no two choices are equally likely
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder / "model")


def _row(rng: random.Random, name: str, split: str) -> dict[str, Any]:
    words = SHOT_WORDS if split == "train" else rng.randint(*QUESTION_WORDS)
    if name == SINGLE:
        choices = rng.sample(["theatre", "harbour", "fountain", "bridge"], CHOICES)
    else:
        choices = [_text(rng, rng.randint(*LONG_CHOICE_WORDS)) for _ in range(CHOICES)]
    return {"question": _text(rng, words), "choices": choices, "answer": rng.randrange(CHOICES)}


def _text(rng: random.Random, words: int) -> str:
    return " ".join(rng.choice(_WORDS) for _ in range(words))


def _evalguard(engine_name: str, folder: Path, name: str) -> dict[str, Any]:
    from evalguard.engines.base import BASE, EngineSettings
    from evalguard.engines.opening import open_engine
    from evalguard.tasks.benchmark.loading import load_benchmark

    [task] = load_benchmark("suite", f"{name}.yaml", base_dir=folder, source="task", key="task")
    samples = task.prepare(None)
    engine = open_engine(engine_name, EngineSettings(model=str(folder / "model"), dtype="float32"))
    started = time.perf_counter()
    requests = [(BASE, instance) for sample in samples for instance in sample.instances]
    responses: list[Any] = engine.respond(requests)
    found = {"seconds": time.perf_counter() - started}
    if name != ANSWERS:
        found["floor_seconds"] = _unique_tokens(requests, folder) / _tokens_per_second(
            engine, folder
        )
    engine.close()
    given = {}
    for index, sample in enumerate(samples):
        each = len(sample.instances)
        own = responses[each * index : each * (index + 1)]
        given[sample.row_number - 1] = [one[0] if isinstance(one, tuple) else one for one in own]
    return {**found, "given": given}


def _tokens_per_second(engine: Any, folder: Path) -> float:
    """Return the rate at which the engine reads one large batch of prompts that share nothing."""
    from evalguard.engines.base import BASE, generation

    rng = random.Random(1)  # noqa: S311 - texts, not secrets
    words = SHOTS * SHOT_WORDS + max(QUESTION_WORDS)
    prompts = [_text(rng, words) for _ in range(_RATE_PROMPTS)]
    tokens = sum(map(len, _tokenizer(folder)(prompts).input_ids))
    started = time.perf_counter()
    engine.respond([(BASE, generation(prompt, tokens=1)) for prompt in prompts])
    return tokens / (time.perf_counter() - started)


def _unique_tokens(requests: Sequence[tuple[str, Any]], folder: Path) -> int:
    """Return how many tokens must be computed when every prefix is read once only."""
    texts = ["".join(instance.arguments) for _, instance in requests]
    root: dict[int, Any] = {}
    count = 0
    for tokens in _tokenizer(folder)(texts).input_ids:
        node = root
        for token in tokens[:-1]:  # nothing is read after the last token of a choice
            count += token not in node
            node = node.setdefault(token, {})
    return count


def _lm_eval(engine_name: str, folder: Path, name: str) -> dict[str, Any]:
    from evalguard.engines.vllm_library import vllm_environment  # lets lm-eval find the CPU build
    from evalguard.quiet import quiet

    with quiet(), vllm_environment():
        from lm_eval import simple_evaluate
        from lm_eval.api.registry import get_model
        from lm_eval.tasks import TaskManager

        lm: Any = get_model(engine_name)(
            pretrained=str(folder / "model"), dtype="float32", **_LM_EVAL_ARGUMENTS[engine_name]
        )
        seconds = 0.0
        method = "generate_until" if name == ANSWERS else "loglikelihood"
        answer = getattr(lm, method)

        def timed(*arguments: Any, **options: Any) -> Any:
            nonlocal seconds
            started = time.perf_counter()
            found = answer(*arguments, **options)
            seconds += time.perf_counter() - started
            return found

        setattr(lm, method, timed)
        results = simple_evaluate(
            model=lm,
            tasks=[str(folder / f"{name}.yaml")],
            task_manager=TaskManager(include_defaults=False),
            bootstrap_iters=0,
        )
    samples = results["samples"][name]
    given = {
        sample["doc_id"]: [
            one if isinstance(one, str) else float(one[0]) for one in sample["filtered_resps"]
        ]
        for sample in samples
    }
    return {"seconds": seconds, "given": given}


def run() -> None:
    """Score one task on one side and print what came of it."""
    side, engine_name, folder, name = sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4]
    os.chdir(folder)  # where lm-eval looks for a task's data
    found = {"evalguard": _evalguard, "lm_eval": _lm_eval}[side](engine_name, folder, name)
    print(f"\nRESULT {json.dumps(found)}", flush=True)


if __name__ == "__main__":
    run()
