"""Where the phone's command line keeps its tokens between two commands."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Final

from mobile_client.calls import Tokens

_FILE: Final = "phone.json"


class Pocket:
    """The tokens of the last login, in the data directory, readable by its owner only."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / _FILE

    def keep(self, tokens: Tokens) -> None:
        """Write the tokens by rename, so that no reader sees half of them."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".tmp")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(tokens), file)
        draft.replace(self._path)

    def tokens(self) -> Tokens | None:
        """The tokens of the last login, None if there was none."""
        try:
            return Tokens(**json.loads(self._path.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None
