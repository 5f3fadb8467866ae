"""``python -m benchmarks.servers``: what a check makes of servers that differ from OpenAI's.

``scripted`` (a server whose answers are rules and whose faults are ``behaviours``) ← ``project``
(a small project against it) → ``checked`` (one check in a process of its own) → ``judged`` (held
to what ``expected`` says of each behaviour) → ``table``. Without HTTP: ``false_alarms``, and
``who_answers``, which measures how often a candidate is told from the base.

Behaviours have a class, which the docstrings of the tests name, too: S1 what a response says, S2
thinking inside the answer, S3 what was asked for and not done, S4 who answers, S5 tokens and
log-probabilities, S6 waiting, S7 the form of requests. S8 is judges, which only tests hold.
"""
