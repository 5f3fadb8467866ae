"""``python -m benchmarks.servers``: what a check makes of servers that differ from OpenAI's.

``scripted`` (a server whose answers are rules and whose faults are ``behaviours``) ← ``project``
(a small project against it) → ``checked`` (one check in a process of its own) → ``judged`` (held
to what ``expected`` says of each behaviour) → ``table``.
"""
