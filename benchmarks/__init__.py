"""Measurements that the docs quote: each module prints its tables when run."""
