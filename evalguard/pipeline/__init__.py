"""The whole loop: audit, train, gate, diagnose, repair, train again, release with a receipt.

A floor of its own: may import everything but the command line.
"""
