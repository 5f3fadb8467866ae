"""EvalGuard decides whether a fine-tuned language model may be released."""

__version__ = "0.1.0"
