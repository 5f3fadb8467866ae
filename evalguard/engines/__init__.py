"""Inference engines behind lm-eval's ``LM`` interface, serving a base and its adapters on one load.

An engine answers lm-eval requests for named models. May import records, scorers and errors; loads
torch, transformers and vLLM only when an engine is opened.
"""
