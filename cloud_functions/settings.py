"""The environment of a function: the only place that reads it.

A frozen dataclass over `os.environ`: pydantic-settings costs more import time than a cold start
may take.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """Where a function finds what it needs; on AWS the paths are None."""

    tables: Path | None
    blobs: Path | None
    data_plane: str
    sockets: str
    issuer: str
    audience: str
    table_name: str
    bucket_name: str
    credentials: tuple[str, str] | None
    """Access key and secret to sign with, where the local cloud checks signatures."""

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """The settings of this process."""
        tables, blobs = environment.get("ROBOFLEET_TABLES"), environment.get("ROBOFLEET_BLOBS")
        return cls(
            tables=Path(tables) if tables else None,
            blobs=Path(blobs) if blobs else None,
            data_plane=environment.get("ROBOFLEET_DATA_PLANE", ""),
            sockets=environment.get("ROBOFLEET_SOCKETS", ""),
            issuer=environment.get("ROBOFLEET_ISSUER", ""),
            audience=environment.get("ROBOFLEET_AUDIENCE", ""),
            table_name=environment.get("TABLE_NAME", "Robofleet"),
            bucket_name=environment.get("BUCKET_NAME", "maps"),
            credentials=(
                (environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"])
                if environment.get("ROBOFLEET_SIGN")
                else None
            ),
        )
