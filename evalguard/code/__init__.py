"""Code that is not EvalGuard's own: its files by content, and what it reads while it runs.

May import errors.
"""
