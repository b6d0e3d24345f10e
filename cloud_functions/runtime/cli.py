"""`robofleet up`: the local cloud, until Ctrl-C."""

import asyncio
import contextlib
import gc
import logging
import signal
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer
import uvloop
from rich.console import Console

from cloud_functions.contract.endpoints import (
    DEFAULT_DIRECTORY,
    HTTP_PORT,
    HTTPS_PORT,
    MQTT_PORT,
    MQTTS_PORT,
    Endpoints,
)
from cloud_functions.errors import CloudError
from cloud_functions.registry.limits import AWS_LIMITS
from cloud_functions.runtime.http.aws.aws_auth import mode_of
from cloud_functions.runtime.local_cloud import LocalCloud
from cloud_functions.runtime.options import DEFAULT_TEMPLATE, CloudOptions
from cloud_functions.runtime.quotas import read_quotas

_out = Console(highlight=False, soft_wrap=True)
_err = Console(stderr=True, highlight=False)
_NEW_OBJECTS: Final = 20_000
"""More of them than went make the collector of cycles look; 700 are made by a few updates."""


def up(
    data: Annotated[Path, typer.Option("--data", help="Data directory.")] = DEFAULT_DIRECTORY,
    template: Annotated[
        Path, typer.Option("--template", help="A SAM template of your own.")
    ] = DEFAULT_TEMPLATE,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", help="NAME=VALUE for the template.")
    ] = None,
    broker: Annotated[
        str | None, typer.Option(help="builtin, mosquitto or mqtt://host:port.")
    ] = None,
    mqtt_port: Annotated[int, typer.Option(min=0, max=65535, help="MQTT, plain.")] = MQTT_PORT,
    mqtts_port: Annotated[
        int, typer.Option(min=0, max=65535, help="MQTT, mutual TLS.")
    ] = MQTTS_PORT,
    https_port: Annotated[
        int, typer.Option(min=0, max=65535, help="TLS with ALPN: MQTT, HTTPS, WebSocket.")
    ] = HTTPS_PORT,
    http_port: Annotated[
        int, typer.Option(min=0, max=65535, help="HTTP and WebSocket.")
    ] = HTTP_PORT,
    type_deletion_s: Annotated[
        float, typer.Option(min=0, help="Seconds from a thing type's deprecation to its deletion.")
    ] = AWS_LIMITS.type_deletion_s,
    free_ports: Annotated[bool, typer.Option("--free-ports", help="Take any free ports.")] = False,
    no_plain: Annotated[
        bool, typer.Option("--no-plain", help="Close the plain MQTT port.")
    ] = False,
    aws_auth: Annotated[
        str, typer.Option(help="any: any AWS credentials will do; sigv4: the local ones alone.")
    ] = "any",
    quota: Annotated[
        list[str] | None,
        typer.Option("--quota", help="NAME=VALUE: a limit of the broker or of shadows."),
    ] = None,
) -> None:
    """Run the cloud on this computer.

    Example: robofleet up --broker builtin --http-port 8080
    """
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        options = CloudOptions(
            data=data,
            template=template,
            parameters=_parameters(parameter or []),
            broker=broker,
            mqtt_port=0 if free_ports else mqtt_port,
            mqtts_port=0 if free_ports else mqtts_port,
            https_port=0 if free_ports else https_port,
            http_port=0 if free_ports else http_port,
            registry_limits=replace(AWS_LIMITS, type_deletion_s=type_deletion_s),
            plain=not no_plain,
            aws_auth=mode_of(aws_auth),
            quotas=read_quotas(quota or []),
        )
        cloud = LocalCloud(options)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(cloud))
    except (CloudError, OSError) as error:
        _err.print(f"error: {_said(error)}", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None


def _said(error: CloudError | OSError) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _parameters(given: list[str]) -> dict[str, str]:
    pairs = [each.partition("=") for each in given]
    for name, sign, _ in pairs:
        if not sign or not name:
            raise typer.BadParameter(f"--parameter is NAME=VALUE, not {name}")
    return {name: value for name, _, value in pairs}


async def _run(cloud: LocalCloud) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    endpoints = await _start(cloud, stopped)
    if endpoints is None:
        _out.print("stopped before it served")
        return
    gc.freeze()  # what was imported stays, and need not be looked at
    gc.set_threshold(_NEW_OBJECTS)
    loop.add_signal_handler(signal.SIGHUP, cloud.registry_file_changed)
    _greet(endpoints)
    if cloud.credentials is not None:
        _out.print(f"AWS keys     {cloud.credentials.access_key}  {cloud.credentials.secret}")
    await stopped.wait()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(5):
            await cloud.stop()
    _out.print("stopped")


async def _start(cloud: LocalCloud, stopped: asyncio.Event) -> Endpoints | None:
    """Where it serves; None where somebody stopped it before it did."""
    start = asyncio.create_task(cloud.start(), name="start")
    end = asyncio.create_task(stopped.wait(), name="stopped")
    await asyncio.wait({start, end}, return_when=asyncio.FIRST_COMPLETED)
    end.cancel()
    if start.done():
        return start.result()
    start.cancel()
    await asyncio.wait({start})
    return None


def _greet(endpoints: Endpoints) -> None:
    _out.print(f"web and API  {endpoints.http}   (OpenAPI at /openapi.json)")
    _out.print(f"MQTT         {endpoints.mqtt or 'closed'}   broker: {endpoints.broker}")
    if endpoints.mqtts:
        _out.print(
            f"MQTT by TLS  {endpoints.mqtts}   with a certificate of `robofleet certificate`"
        )
    _out.print(f"HTTPS        {endpoints.https}   MQTT, HTTPS and WebSocket, told by ALPN")
    _out.print("next         robofleet robots, or Ctrl-C to stop")
