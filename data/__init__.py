"""Corpora as their authors release them, made into one record format (see README.md)."""
