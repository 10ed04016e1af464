"""From records to a model folder (see README.md)."""
