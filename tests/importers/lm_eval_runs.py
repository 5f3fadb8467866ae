"""Output of lm-eval, written by its own command on a model that answers by a rule."""

import json
from collections.abc import Sequence
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

MATCHED = """
output_type: generate_until
doc_to_text: "{{question}}"
generation_kwargs: {until: ["."], max_gen_toks: 16}
"""
CHOSEN = """
output_type: multiple_choice
doc_to_text: "{{question}}"
doc_to_choice: ["{{answer}}", "none", "both ways"]
"""
FORMS = {
    "text_of_choice": CHOSEN + 'doc_to_target: "{{answer}}"',
    "index_as_text": CHOSEN + 'doc_to_target: "{{answer | int % 3}}"',
    "several_right": CHOSEN + "doc_to_target: [0, 2]\nmetric_list: [{metric: acc}]",
    "mutual": CHOSEN + "doc_to_target: 1\nmetric_list: [{metric: acc}, {metric: acc_mutual_info}]",
    "normed": CHOSEN + "doc_to_target: 2\nmetric_list: [{metric: acc}, {metric: acc_norm}]",
    "joined": CHOSEN + "doc_to_target: 0\ntarget_delimiter: ''",
    "numbers": CHOSEN.replace('"none", "both ways"', '"1", "0"') + "doc_to_target: 1",
    "no_such_index": CHOSEN.replace('["{{answer}}", "none", "both ways"]', "[a, b, c]")
    + 'doc_to_target: "{{answer}}"',
    "continued": "output_type: loglikelihood\ndoc_to_text: '{{question}}'\n"
    "doc_to_target: '{{answer}}'\nmetric_list: [{metric: perplexity}, {metric: acc}]",
    "of_one_text": MATCHED + "doc_to_target: ' {{answer}} '\nmetric_list: [{metric: exact_match}]",
    "of_several": MATCHED + "doc_to_target: ['{{answer}}', 'NOT', \"it's\"]\n"
    "metric_list: [{metric: exact_match, ignore_case: true, ignore_numbers: true}]",
    "ignoring": MATCHED + "doc_to_target: 'not, {{answer}}!'\n"
    "metric_list: [{metric: exact_match, ignore_punctuation: true, regexes_to_ignore: [' ']}]",
    "like_a_list": MATCHED + "doc_to_target: '[{{answer}}]'\nmetric_list: [{metric: exact_match}]",
    "by_choice": MATCHED + "doc_to_choice: ['{{answer}}', 'none']\ndoc_to_target: 0\n"
    "metric_list: [{metric: exact_match}]",
    "others": MATCHED + "doc_to_target: '{{answer}}'\nmetric_list: [{metric: bleu}, {metric: ter}]",
}
"""Further ways to ask and to score the same rows, by the name of their task."""


def write_forms(folder: Path) -> Path:
    """Write a task of each form."""
    write_tasks(folder)
    for name, text in FORMS.items():
        head = CHOICES.partition("output_type")[0].replace("sums_choice", name)
        (folder / f"{name}.yaml").write_text(
            head.replace("ROWS", str(folder / "rows.jsonl")) + text.strip() + "\n"
        )
    return folder


def write_tasks(folder: Path) -> Path:
    """Write both tasks with their rows."""
    folder.mkdir()
    rows = folder / "rows.jsonl"
    lines = [json.dumps({"question": asked, "answer": str(n)}) for asked, n in QUESTIONS]
    rows.write_text("\n".join(lines))
    for name, text in (("sums_choice", CHOICES), ("sums", WRITTEN)):
        (folder / f"{name}.yaml").write_text(text.replace("ROWS", str(rows)))
    return folder


def run_lm_eval(
    tasks: Path, output: Path, *, wrong: int, names: Sequence[str] = ("sums", "sums_choice")
) -> None:
    """Evaluate a model that misses the first questions, and write what ``lm_eval run`` writes.

    Args:
        tasks: Folder of the tasks.
        output: Its ``--output_path``.
        wrong: Questions that it answers wrongly.
        names: Tasks to run.
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
            tasks=[*names],
            task_manager=TaskManager(include_path=str(tasks), include_defaults=False),
            evaluation_tracker=tracker,
        )
    samples = results.pop("samples")
    tracker.save_results_aggregated(results, samples)
    for task, rows in samples.items():
        tracker.save_results_samples(task, rows)
