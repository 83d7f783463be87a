"""Agreement as a library: PBFT, one height at a time, as a pure state machine.

Nothing here touches a socket, a file, a clock, a random number or a key: ``Replica.step(input, now_ms)`` is told what
happened and answers what the host must do. The rules are numbered in ``SPEC.md``; the code cites them at each branch.
The host's duties are one page: ``README.md``.
"""
