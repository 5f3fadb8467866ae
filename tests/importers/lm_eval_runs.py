"""Output of lm-eval, written by its own command on a model that answers by a rule."""

import json
from pathlib import Path
from unittest.mock import patch

QUESTIONS = [(f"{a} + {b} = ?", a + b) for a in range(10) for b in range(12)]

CHOICES = """
task: sums_choice
dataset_path: json
dataset_kwargs: {data_files: {test: ROWS}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question}}"
doc_to_choice: ["{{answer}}", "none"]
doc_to_target: 0
metric_list:
  - {metric: acc}
metadata: {version: 1.0}
"""

WRITTEN = """
task: sums
dataset_path: json
dataset_kwargs: {data_files: {test: ROWS}}
test_split: test
output_type: generate_until
doc_to_text: "{{question}}"
doc_to_target: "{{answer}}"
generation_kwargs: {until: ["."], max_gen_toks: 16}
filter_list:
  - {name: strict, filter: [{function: regex, regex_pattern: "^(\\\\d+)$"}, {function: take_first}]}
  - {name: last, filter: [{function: regex, regex_pattern: "(\\\\d+)", group_select: -1},
                          {function: take_first}]}
metric_list:
  - {metric: exact_match, aggregation: mean, higher_is_better: true}
metadata: {version: 1.0}
"""


def write_tasks(folder: Path) -> Path:
    """Write both tasks with their rows."""
    folder.mkdir()
    rows = folder / "rows.jsonl"
    lines = [json.dumps({"question": asked, "answer": str(n)}) for asked, n in QUESTIONS]
    rows.write_text("\n".join(lines))
    for name, text in (("sums_choice", CHOICES), ("sums", WRITTEN)):
        (folder / f"{name}.yaml").write_text(text.replace("ROWS", str(rows)))
    return folder


def run_lm_eval(tasks: Path, output: Path, *, wrong: int) -> None:
    """Evaluate a model that misses the first questions, and write what ``lm_eval run`` writes.

    Args:
        tasks: Folder of the tasks.
        output: Its ``--output_path``.
        wrong: Questions that it answers wrongly.
    """
    from lm_eval import simple_evaluate
    from lm_eval.api.model import LM
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.tasks import TaskManager

    missed = {asked for asked, _ in QUESTIONS[:wrong]}
    right = {asked: str(n) for asked, n in QUESTIONS}

    class Scripted(LM):  # type: ignore[misc]  # lm-eval has no type hints
        def loglikelihood(self, requests):
            return [
                (-1.0 if (one.args[1].strip() == "none") is (one.args[0] in missed) else -2.0,
                 False)
                for one in requests
            ]  # fmt: skip

        def generate_until(self, requests):
            asked = (one.args[0] for one in requests)
            return [f"not {right[one]}0" if one in missed else right[one] for one in asked]

        def loglikelihood_rolling(self, requests):
            raise NotImplementedError

    tracker = EvaluationTracker(output_path=str(output))
    # What the machine is called takes longer than the evaluation.
    with patch("torch.utils.collect_env.get_pretty_env_info", return_value=""):
        results = simple_evaluate(
            Scripted(),
            tasks=["sums", "sums_choice"],
            task_manager=TaskManager(include_path=str(tasks), include_defaults=False),
            evaluation_tracker=tracker,
        )
    samples = results.pop("samples")
    tracker.save_results_aggregated(results, samples)
    for task, rows in samples.items():
        tracker.save_results_samples(task, rows)
