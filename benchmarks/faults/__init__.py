"""``python -m benchmarks.faults``: plants faults in a project and sees whether a check notices.

``project`` (a small project that passes, made once) → ``planting`` (a fresh copy of it, and what a
user would run there) → ``declared`` (a fault: a sentence, a function that plants it, and what must
happen) ← ``classes`` (the faults, a module for several classes) → ``table``.

A fault is caught where nothing that a user or a CI reads says PASS: the exit code is not 0, and the
message is about this fault. Exit 0, a report that reads like a release, a hang and a traceback are
faults that came through.
"""
