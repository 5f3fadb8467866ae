"""Gates: pair the samples, decide with all gates together, and plan before anything runs.

May import ``demands``, ``records``, ``stats`` and ``errors``; numpy and scipy stay in ``stats``.
"""
