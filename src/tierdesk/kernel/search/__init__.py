"""Full text search: one analyser, one lexical index, the same answers on SQLite and PostgreSQL."""
