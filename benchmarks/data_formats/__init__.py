"""``python -m benchmarks.data_formats``: what a training makes of data files as people have them.

``forms`` (files, and what their formats mean by their publishers' documentation) → ``trained``
(``evalguard train`` on each, and the batches that reach the model) → ``judged`` (held to
``rendered``, which renders what was meant without EvalGuard) → ``table``. ``models`` writes the
bases: the embedded model with five chat templates and without one.
"""
