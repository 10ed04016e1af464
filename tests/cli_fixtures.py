"""Running the command line inside a test, and a policy to run it on."""

from __future__ import annotations

import json
import re
from typing import Any

from typer.testing import CliRunner, Result

from clausemark import cli

POLICY = """# Our policy

We collect your name.

## Sharing

We share it with:

- resellers
- auditors who contact you
"""
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def run(*args: object, **options: Any) -> Result:
    """Run the command line inside this process; a bug keeps its traceback."""
    return CliRunner().invoke(cli.app, list(map(str, args)), catch_exceptions=False, **options)


def objects(text: str) -> list[dict[str, Any]]:
    """Read JSON Lines."""
    return [json.loads(line) for line in text.split("\n") if line]
