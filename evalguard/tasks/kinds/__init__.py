"""The kinds of tasks that come with EvalGuard, a file each, which has the kind's name.

A file holds the keys of such a task in a suite, its metrics, the task, and what sets the kind apart
(``KIND``). It is imported when a suite names it.
"""
