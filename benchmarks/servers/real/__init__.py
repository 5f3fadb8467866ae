"""``python -m benchmarks.servers --real NAME``: the same gate on servers that people run.

``launch`` starts a server and waits for it, ``served`` says how each one is started and with which
models, ``abilities`` asks it for what OpenAI's interface has, and ``gated`` checks a candidate that
is as good as the base and one that is damaged.
"""
