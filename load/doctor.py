"""What is installed, what is missing, and the command that brings it."""

import importlib.metadata
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: its version or None, what it is for, and how to get it."""

    name: str
    version: str | None
    used_for: str
    install: str
    required: bool = False

    def as_json(self) -> dict[str, Any]:
        """The finding as the report lists it."""
        return asdict(self)


_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_PACKAGES: Final = (
    ("awslambdaric", "functions under AWS's own runtime client", "pip install awslambdaric", False),
    ("uvloop", "a faster event loop", "pip install uvloop", False),
    ("aiomqtt", "robots' connections", "pip install aiomqtt", True),
    ("locust", "robofleet load", "pip install 'robofleet[load]'", False),
    ("awsiotsdk", "robots at AWS IoT Core", "pip install 'robofleet[aws]'", False),
    ("boto3", "the AWS side of storage and deploy", "pip install 'robofleet[aws]'", False),
)


def examine() -> Sequence[Finding]:
    """All findings; nothing is started but `--version` commands."""
    python = Finding(
        "python", platform.python_version(), "everything", "Python 3.11", required=True
    )
    packages = [
        Finding(name, _package(name), what, how, required=must)
        for name, what, how, must in _PACKAGES
    ]
    mosquitto = Finding(
        "mosquitto",
        _program("mosquitto", "-h"),
        "the default broker (without it: the built-in one)",
        "apt-get install mosquitto mosquitto-clients",
    )
    browser = Finding(
        "browser",
        next((found for name in _BROWSERS if (found := _program(name, "--version"))), None),
        "browser tests and pictures (the web page works in any)",
        "apt-get install chromium",
    )
    return [python, *packages, mosquitto, browser]


def is_healthy(findings: Sequence[Finding]) -> bool:
    """Whether everything required is there."""
    return all(finding.version is not None for finding in findings if finding.required)


def _package(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _program(name: str, flag: str) -> str | None:
    """The first line a program says about itself."""
    path = shutil.which(name) or (
        shutil.which(name, path="/usr/sbin:/sbin") if sys.platform != "win32" else None
    )
    if path is None:
        return None
    try:
        said = subprocess.run([path, flag], capture_output=True, text=True, timeout=10, check=False)  # noqa: S603  a program of the PATH, asked its version
    except (OSError, subprocess.TimeoutExpired):
        return "there, but it does not answer"
    return (
        (said.stdout or said.stderr).strip().splitlines()[0] if said.stdout or said.stderr else ""
    )
