"""``python -m benchmarks.lm_eval_tasks``: lm-eval's tasks on local rows, scored by both sides.

``manifest`` (which tasks, on which rows) → ``task_files`` (lm-eval's YAML on those rows) →
``checked`` (EvalGuard: one check with a gate on every metric) and ``reference`` (lm-eval's own
evaluation), each in its own processes → ``comparison`` (sample by sample) → ``table``.

The rows were written for this project in the shape of each data set, so that nothing is downloaded
and the model under test has not seen them.
"""
