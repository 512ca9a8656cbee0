"""Real servers for tests and measurements: each a context manager, on free ports of 127.0.0.1, in a temporary folder.

They need no pytest: `with Dovecot() as mailboxes: …` works in a script of `bench/`. Each says by `absent()` what keeps
it from starting, or None.
"""
