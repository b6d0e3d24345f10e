"""The front door: one small command line that mounts each folder's own.

A command's folder is imported when it is called, so that a phone's tap does not wait for a cloud.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import typer

COMMANDS: Final = {
    "demo": ("load.demo_cli", "demo"),
    "up": ("cloud_functions.runtime.cli", "up"),
    "robots": ("device_sim.cli", "app"),
    "scenario": ("device_sim.scenario_cli", "app"),
    "homes": ("device_sim.gallery_cli", "homes"),
    "phone": ("mobile_client.cli", "app"),
    "load": ("load.cli", "load"),
    "rules": ("cloud_functions.rules.cli", "app"),
    "certificate": ("cloud_functions.runtime.certificate", "certificate"),
    "doctor": ("load.doctor_cli", "doctor"),
}
"""Where each command lives, in the order of the help."""
_INTERRUPTED: Final = 130


def command_line(wanted: str | None = None) -> "typer.Typer":
    """All commands, or the one wanted if it is one of them."""
    import typer  # noqa: PLC0415  so that Ctrl-C finds `main` at work

    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="Follows a vacuum robot from its brush to its owner's phone.",
    )

    @app.callback()
    def _many() -> None:
        """With one command mounted, its name is still to be said."""

    for name in [wanted] if wanted in COMMANDS else COMMANDS:
        module, attribute = COMMANDS[name]
        command: Any = getattr(import_module(module), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def main() -> None:
    """The console script."""
    with _quietly_interrupted():
        run = command_line(sys.argv[1] if len(sys.argv) > 1 else None)
    run()


@contextlib.contextmanager
def _quietly_interrupted() -> Iterator[None]:
    """Ctrl-C ends an import as it ends a command: without saying in which line it was."""
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:  # whoever started this wants it otherwise
        yield
        return
    signal.signal(signal.SIGINT, lambda _number, _frame: os._exit(_INTERRUPTED))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


if __name__ == "__main__":
    main()
