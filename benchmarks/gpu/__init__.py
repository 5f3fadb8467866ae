"""EvalGuard on a GPU, in one command: ``python -m benchmarks.gpu``.

``wheels`` lists what an offline machine needs; ``schedule`` allots the minutes, ``process`` runs a
part in its own process, and ``results`` stores what was measured. The parts:
``engine`` (against lm-eval's ``HFLM``), ``training`` (against TRL), ``optimizer`` and ``checks``.
Nothing here loads torch before a part runs.
"""
