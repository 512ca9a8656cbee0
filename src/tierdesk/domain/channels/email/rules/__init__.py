"""The understanding of mail: bytes in, facts and decisions out. Pure Python, no Django, no I/O."""
