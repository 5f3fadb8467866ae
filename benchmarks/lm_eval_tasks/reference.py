"""lm-eval's side: its own evaluation of each task file, with one loaded model.

``python -m benchmarks.lm_eval_tasks.reference FOLDER NAMES.json OUTPUT.json [--chat]``. It is
started in ``metrics/``, where ``evaluate.load`` finds the metrics that it would fetch from the hub.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.lm_eval_tasks.sides import (
    ANSWERS,
    MODEL,
    Scored,
    Side,
    one_line,
    read_sides,
    write_sides,
)
from benchmarks.lm_eval_tasks.task_files import merged_config, samples_answers
from evalguard.quiet import quiet

BATCH_SIZE = 16


def evaluate_tasks(
    folder: Path, names: Iterable[str], *, chat: bool, answers: Mapping[str, Side]
) -> dict[str, Side]:
    """Return lm-eval's scores of each task.

    Args:
        folder: Holds the model and ``suites/tasks/NAME.yaml``.
        names: The tasks.
        chat: Whether prompts go through the chat template.
        answers: EvalGuard's side by task. The answers that it gave to the rows are scored here,
            and those of its model where they are drawn at random: no two runs draw the same.
    """
    with quiet():
        from lm_eval.models.huggingface import HFLM

        model = HFLM(
            pretrained=str(folder / MODEL), device="cpu", dtype="float32", batch_size=BATCH_SIZE
        )
        return {
            name: _evaluate(
                name,
                folder / "suites" / "tasks" / f"{name}.yaml",
                model,
                chat,
                answers.get(name, Side(name)),
            )
            for name in names
        }


def _evaluate(name: str, path: Path, model: Any, chat: bool, answers: Side) -> Side:
    answering = model
    try:
        if samples_answers(merged_config(path)) and answers.model.texts:
            answering = _replay(answers.model.texts, model)
        samples, results = _run(name, path, answering, chat)
        note = ""
        if others := _redrawn(samples):
            note = f"a first lm_eval scores {others} of {len(samples)} rows against another draw"
            samples, results = _run(name, path, answering, chat)
        scored, given = _scored(samples, results), Scored()
        if answers.given.texts:
            given = _scored(*_run(name, path, _replay(answers.given.texts, model), chat))
        if _redrawn(samples):
            return Side(name, model=scored, given=given, unsound=f"{note}, and so does a second")
        compared = " than it asked; compared with a second, which reads datasets' cache"
        return Side(name, model=scored, given=given, note=note and note + compared)
    except Exception as error:  # noqa: BLE001 - one task's failure must not hide the others
        return Side(name, reason=one_line(error))


def _run(
    name: str, path: Path, model: Any, chat: bool
) -> tuple[Sequence[Mapping[str, Any]], Mapping[str, Any]]:
    """Return the samples and the aggregates of a task."""
    from lm_eval import simple_evaluate
    from lm_eval.tasks import TaskManager

    _forget_task_modules()
    found = simple_evaluate(  # seeds Python's generators before it builds the task
        model=model,
        tasks=[str(path)],
        task_manager=TaskManager(include_defaults=False),
        apply_chat_template=chat,
        bootstrap_iters=0,
        confirm_run_unsafe_code=True,
    )
    return found["samples"][name], found["results"][name]


def _redrawn(samples: Sequence[Mapping[str, Any]]) -> int:
    """Return how many rows were scored that are not those that were asked.

    lm-eval applies ``process_docs`` again before it scores. Where that draws from a generator of
    its own, answers are compared with another draw than the prompt shows, and the scores mean
    nothing. The same command run again finds the first draw in the cache of datasets each time:
    asked and scored rows agree, and they are those that ``process_docs`` draws first.
    """
    from lm_eval.utils import handle_non_serializable, hash_string

    others = 0
    for sample in samples:
        text = json.dumps(
            sample["doc"], indent=2, default=handle_non_serializable, ensure_ascii=False
        )
        others += hash_string(text) != sample["doc_hash"]
    return others


def _forget_task_modules() -> None:
    """Let the task's code be imported again, as in a command of its own.

    Some of it keeps state, such as the generator that shuffles GPQA's choices.
    """
    for name, module in list(sys.modules.items()):
        if "__mtime__" in vars(module):  # set by lm-eval's loader of task code
            del sys.modules[name]


def _replay(texts: Mapping[int, tuple[str, ...]], model: Any) -> Any:
    """Return a model that gives stored answers, in the order of the repeats of each row.

    It renders prompts as the model does.
    """
    from lm_eval.api.model import LM

    class Replay(LM):  # type: ignore[misc]  # lm-eval has no types
        tokenizer_name = model.tokenizer_name
        apply_chat_template = staticmethod(model.apply_chat_template)
        chat_template = staticmethod(model.chat_template)

        def generate_until(self, requests: list[Any]) -> list[str]:
            left = {row: list(answers) for row, answers in texts.items()}
            return [left[request.doc_id].pop(0) for request in requests]

        def loglikelihood(self, requests: list[Any]) -> list[tuple[float, bool]]:
            raise NotImplementedError("only generated answers are replayed")

        loglikelihood_rolling = loglikelihood

    return Replay()


def _scored(samples: Sequence[Mapping[str, Any]], results: Mapping[str, Any]) -> Scored:
    filters = len({sample["filter"] for sample in samples})
    scores: dict[int, dict[str, float]] = {}
    texts: dict[int, tuple[str, ...]] = {}
    for sample in samples:
        row = int(sample["doc_id"])
        scores.setdefault(row, {})  # a row without a number counts as well
        for metric in sample["metrics"]:
            if _is_scalar(value := sample[metric]):
                scores[row][_named(metric, sample["filter"], filters=filters)] = float(value)
        responses = [one for resps in sample["resps"] for one in resps]
        if all(isinstance(one, str) for one in responses):
            texts[row] = tuple(responses)
    aggregates = {
        _named(*key.rsplit(",", 1), filters=filters): float(value)
        for key, value in results.items()
        if "," in key and "_stderr" not in key and _is_scalar(value)
    }
    return Scored(scores, texts, aggregates)


def _named(metric: str, filter_: str, *, filters: int) -> str:
    return metric if filters == 1 else f"{metric},{filter_}"


def _is_scalar(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return not isinstance(value, str)


def main() -> None:
    """Evaluate the tasks that a file names."""
    folder, names, output = (Path(argument) for argument in sys.argv[1:4])
    answers = folder / ANSWERS
    write_sides(
        output,
        evaluate_tasks(
            folder,
            json.loads(names.read_text(encoding="utf-8")),
            chat="--chat" in sys.argv,
            answers=read_sides(answers) if answers.is_file() else {},
        ),
    )


if __name__ == "__main__":
    main()
