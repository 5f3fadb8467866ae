"""lm-eval tasks. This module loads nothing; ``loading`` and ``task`` load lm-eval.

- From a file to a task: ``sources`` (every file that a task file reads), ``code`` (the files that
  its functions reach), ``checks`` (its problems), ``drawing`` (lm-eval's seeds), ``loading``.
- The task: ``running`` (the calls into lm-eval), ``targets``, ``trial`` (what it reports and what
  it lacks), ``watching`` (what its code sends and runs), ``own_execution`` (the sandbox for code
  that it runs itself), ``reported`` and ``metrics`` (ranges and directions), ``task``.
- ``definition`` fingerprints it, ``values`` stores its corpus statistics, and ``hub_metrics``,
  ``text_metrics`` and ``optional_metrics`` replace what the ``evaluate`` package would download.
"""
