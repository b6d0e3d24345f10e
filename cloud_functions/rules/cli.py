"""`robofleet rules`: what rules make of messages."""

import typer

from cloud_functions.rules.trace_cli import trace

app = typer.Typer(
    no_args_is_help=True,
    help="What rules make of messages.\n\nExample: robofleet rules trace",
)
app.command()(trace)


@app.callback()
def _many() -> None:
    """With one command mounted, its name is still to be said."""
