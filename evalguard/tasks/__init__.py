"""Tasks turn samples into lm-eval requests and responses into scores.

lm-eval's own tasks and the team's test sets go through the same two steps, so that one engine call
can hold requests of all of them. May import scorers, records and errors; loads lm-eval only when a
task is built.
"""
