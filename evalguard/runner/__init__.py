"""Plans a check, measures what the store lacks, and decides.

May import gates, tasks, engines, store, reports, config and everything below; loads torch and
lm-eval only when a model is run.
"""
