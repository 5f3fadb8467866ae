"""lm-eval tasks. This module loads nothing; ``loading`` and ``task`` load lm-eval.

``sources`` reads a task file and finds every file behind it, ``code`` follows its functions,
``checks`` explains what is wrong with it, ``metrics`` knows the range of what it measures, and
``hub_metrics`` stands in for the metrics that the ``evaluate`` package would download.
"""
