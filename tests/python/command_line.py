"""Running commands, and reading what they print."""

from __future__ import annotations

import re

from click.testing import CliRunner

from cx_billing import cli


def cx_billing(*arguments: object, code: int = 0) -> str:
    """Run a command that must end with `code`; what it printed."""
    result = CliRunner().invoke(cli.main, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.output


def cells(output: str, starts_with: str) -> list[str]:
    """The cells of the first printed row that starts so."""
    (line, *_) = (line for line in output.splitlines() if line.strip().startswith(starts_with))
    return re.split(r"\s{2,}", line.strip())
