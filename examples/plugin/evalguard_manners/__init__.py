"""A part of each kind that a package can add to EvalGuard, a file each."""
