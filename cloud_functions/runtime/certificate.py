"""`robofleet certificate`: a client certificate, with its thing or as a claim to become one."""

import contextlib
import datetime
import os
import signal
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cloud_functions.contract.endpoints import DEFAULT_DIRECTORY, Endpoints, NoCloud
from cloud_functions.contract.shadows import is_thing_name
from cloud_functions.policies import defaults
from cloud_functions.provisioning.templates import is_template_name
from cloud_functions.registry import (
    certificates,
    policies,
    policy_targets,
    thing_principals,
    things,
)
from cloud_functions.registry.authority import Authority, Issued
from cloud_functions.registry.certificates import Status
from cloud_functions.registry.thing_principals import PrincipalType
from cloud_functions.registry.transaction import Transaction
from cloud_functions.storage.sqlite_registry import SqliteRegistry

_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)


def certificate(
    out: Annotated[Path, typer.Option("--out", help="Folder for the files.")],
    thing: Annotated[
        str | None, typer.Argument(help="The thing, and the MQTT client id to use.")
    ] = None,
    claim: Annotated[
        str | None,
        typer.Option("--claim", help="A provisioning template: make a claim certificate for it."),
    ] = None,
    data: Annotated[Path, typer.Option("--data", help="Data directory.")] = DEFAULT_DIRECTORY,
) -> None:
    """Make and register a client certificate that may use its own topics.

    With --claim it has no thing: it may only ask for a certificate and a thing of a template.

    Example: robofleet certificate my-robot --out certs
    """
    if (thing is None) is (claim is None):
        _refuse("either a thing or --claim TEMPLATE, and one of them")
    if thing is not None and not is_thing_name(thing):
        _refuse(f"{thing!r} is no thing name: 1 to 128 of [a-zA-Z0-9:_-]")
    if claim is not None and not is_template_name(claim):
        _refuse(f"{claim!r} is no template name: 1 to 36 of [0-9A-Za-z_-]")
    try:
        out.mkdir(parents=True, exist_ok=True)  # before anything is registered
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _refuse(f"{error.filename}: {error.strerror}")
    authority = Authority(data / "pki", datetime.datetime.now(datetime.UTC))
    issued = authority.issue()
    if claim is not None:
        _register_claim(data, claim, issued)
    elif thing is not None:
        _register(data, thing, issued)
    (out / "certificate.pem").write_text(issued.pem)
    key = out / "private.key"
    key.touch(mode=0o600)
    key.write_text(issued.key_pem)
    (out / "ca.pem").write_bytes(authority.ca_path.read_bytes())
    whose = f"claim for {claim}" if thing is None else f"thing {thing}"
    _out.print(f"{out}/certificate.pem, private.key, ca.pem: {whose}, id {issued.id}")
    with contextlib.suppress(NoCloud):
        endpoints = Endpoints.read(data)
        with contextlib.suppress(ProcessLookupError):
            os.kill(endpoints.pid, signal.SIGHUP)
        if not endpoints.mqtts:
            _out.print(
                f"{endpoints.mqtt} is somebody else's broker:"
                " this cloud has no port for certificates",
                soft_wrap=True,
            )
            return
        if thing is None:
            return
        host, _, port = endpoints.mqtts.removeprefix("mqtts://").partition(":")
        _out.print(
            f"mosquitto_pub -h {host} -p {port} --cafile {out}/ca.pem"
            f" --cert {out}/certificate.pem --key {out}/private.key"
            f" -i {thing} -t robofleet/{thing}/fact -m '{{}}'",
            soft_wrap=True,
        )


def _refuse(text: str) -> None:
    _err.print(f"error: {text}", markup=False, soft_wrap=True)
    raise typer.Exit(2)


def _register_claim(data: Path, template: str, issued: Issued) -> None:
    """A certificate without a thing, that may only ask to become one."""
    registry = SqliteRegistry(data / "cloud.db")
    change = Transaction(registry, time.time())
    name = defaults.claim_name(template)
    try:
        with registry.transaction():
            if registry.policies.get(name) is None:
                policies.create(change, name, defaults.claim_document(template))
            made = certificates.add(change, issued.pem, Status.ACTIVE)
            policy_targets.attach(change, name, made.arn)
    finally:
        registry.close()


def _register(data: Path, thing: str, issued: Issued) -> None:
    registry = SqliteRegistry(data / "cloud.db")
    change = Transaction(registry, time.time())
    try:
        with registry.transaction():
            if registry.things.get(thing) is None:
                things.create(change, thing, {})
            if registry.policies.get(defaults.NAME) is None:
                policies.create(change, defaults.NAME, defaults.document())
            made = certificates.add(change, issued.pem, Status.ACTIVE)
            policy_targets.attach(change, defaults.NAME, made.arn)
            thing_principals.attach(change, thing, made.arn, PrincipalType.NON_EXCLUSIVE)
    finally:
        registry.close()
