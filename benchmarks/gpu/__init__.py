"""The product on a GPU, in one command: ``python -m benchmarks.gpu``.

``wheels`` says what to bring to a machine without network; ``schedule`` spends the minutes,
``process`` runs a part in a process of its own, and ``results`` keeps what was measured. The parts:
``engine`` (beside lm-eval's ``HFLM``), ``training`` (beside TRL), ``optimizer`` and ``checks``.
Nothing here loads torch before a part runs.
"""
