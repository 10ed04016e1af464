"""What can go wrong, in words a user can act on.

Every error carries a message that names the file or record and says what is wrong, and a hint that
says what to do. The command line prints both on one line and exits with code 1.
"""


class ClausemarkError(Exception):
    """Base of every error that a user can cause and cure."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class DocumentError(ClausemarkError):
    """A policy cannot be read: missing, empty, encrypted, image-only, not text."""


class ModelError(ClausemarkError):
    """A model folder is unsound or of a newer format, or there is no such engine to run it."""


class RecordError(ClausemarkError):
    """A row of a corpus or a table breaks the record format."""


class OutputError(ClausemarkError):
    """An output cannot be written: it exists already, or its folder takes no files."""
