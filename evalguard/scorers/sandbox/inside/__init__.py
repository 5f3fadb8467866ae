"""What runs inside the sandbox: standard library only, and no import from outside this folder.

``main`` (reads the job, closes the walls) → ``program`` (runs the model's code and answers calls)
or ``tests`` (runs the tests against proxies of it); ``wire`` and ``values`` carry what they say to
each other, ``limits`` and ``syscalls`` are the walls.
"""
