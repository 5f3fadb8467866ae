"""Reports: one :class:`~evalguard.records.CheckResult` shown to a person or to a machine.

Every report is a pure function of the record, so that any of them can be made again from the
JSON of an earlier check. May import records, scorers, stats and errors; the HTML report loads
jinja2, the terminal report rich, both only when called.
"""
