"""Where a running cloud serves: the content of `endpoints.json` (design, section 4)."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from cloud_functions.contract.aws_signature import Credentials

FILE_NAME: Final = "endpoints.json"
LOCK_FILE_NAME: Final = "lock"
"""Who holds an exclusive flock on it owns the data directory."""
PATH: Final = "/_local/endpoints"
"""Where a local cloud says the same over HTTP to who does not see its data directory."""
CREDENTIALS_FILE: Final = "pki/aws-credentials.json"
"""In the data directory, where the cloud checks signatures: what to sign with."""
DEFAULT_DIRECTORY: Final = Path(".robofleet")
MQTT_PORT: Final = 1883
MQTTS_PORT: Final = 8883
HTTPS_PORT: Final = 8443
HTTP_PORT: Final = 8080


class NoCloud(Exception):
    """No cloud runs on that data directory; the message says how to start one."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The addresses of one cloud; `ca` is a path relative to its data directory."""

    mqtt: str
    mqtts: str
    https: str
    http: str
    ca: str
    broker: str
    pid: int

    def as_json(self) -> str:
        """The file's text."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def read(cls, directory: Path) -> "Endpoints":
        """The endpoints of the cloud that runs on this data directory.  Raises NoCloud."""
        path = directory / FILE_NAME
        try:
            return cls.parse(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            raise NoCloud(
                f"no cloud runs on {directory}: start one with `robofleet up --data {directory}`"
            ) from None
        except (OSError, ValueError) as error:
            raise NoCloud(f"{path} is not readable ({error}): start the cloud again") from None

    @classmethod
    def parse(cls, raw: bytes) -> "Endpoints":
        """The endpoints in a file or an answer.  Raises ValueError."""
        said = json.loads(raw)
        try:
            return cls(**{name: said[name] for name in cls.__slots__})
        except (KeyError, TypeError) as error:
            raise ValueError(f"it has no {error}") from None


def credentials_of(directory: Path) -> Credentials | None:
    """What callers of AWS's APIs sign with; None where no cloud ever asked for it."""
    path = directory / CREDENTIALS_FILE
    if not path.exists():
        return None
    said = json.loads(path.read_text())
    return Credentials(said["access_key"], said["secret"])
