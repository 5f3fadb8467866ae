"""The kinds of tasks that come with EvalGuard, a file each."""
