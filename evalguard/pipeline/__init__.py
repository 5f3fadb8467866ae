"""The whole loop: audit, train, gate, diagnose, repair, train again, release with a receipt.

A separate layer: may import everything but the command line.
"""
