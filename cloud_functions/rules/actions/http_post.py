"""The action `http`: POST the result to an address (AWS reference, section 2.11)."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final
from urllib.parse import urlsplit

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.rules.actions.parameters import Parameters
from cloud_functions.rules.actions.result import as_bytes, as_message, is_json
from cloud_functions.rules.context import Context
from cloud_functions.rules.deeds import Batching, Deed, Failed, PostHttp
from cloud_functions.rules.template import Template
from cloud_functions.rules.values import Value

_MAX_HEADERS: Final = 100
_BATCH: Final = ("maxBatchOpenMs", "maxBatchSize", "maxBatchSizeBytes", "batchAcrossTopics")
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}\Z")
_NOT_SET_HERE: Final = frozenset({"content-length", "host", "connection", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class HttpAction:
    """`confirmation_url` is the destination a rule asks for, None where it holds a template."""

    action: ClassVar[str] = PostHttp.action
    url: Template
    confirmation_url: str | None
    headers: Sequence[tuple[str, Template]] = ()
    batch: Batching | None = None

    def prepare(self, result: Value, context: Context) -> Deed | Failed:
        """A request; the rendered address must still be on this computer."""
        url = self.url.render(context)
        try:
            check_loopback(url)
        except InvalidDeclaration as error:
            return Failed(PostHttp.action, url, str(error))
        if self.batch is not None and as_message(result) is None:
            return Failed(PostHttp.action, url, "a batch takes JSON and text, not bytes")
        headers = [(name, value.render(context)) for name, value in self.headers]
        for name, value in headers:
            if not (value.isascii() and value.isprintable()):
                return Failed(PostHttp.action, url, f"the header {name} is no line of ASCII")
        given = [value for name, value in headers if name.lower() == "content-type"]
        usual = "application/json" if is_json(result) else "application/octet-stream"
        return PostHttp(
            url,
            as_bytes(result),
            [pair for pair in headers if pair[0].lower() != "content-type"],
            given[-1] if given and self.batch is None else usual,
            self.batch,
            context.topic,
        )


def read(action: str, given: object) -> HttpAction:
    """The action as declared; only addresses on this computer are taken."""
    said = Parameters(
        action, given, ("url", "confirmationUrl", "headers", "enableBatching", "batchConfig")
    )
    url = said.text("url")
    check_loopback(url)
    confirmation_url = said.text("confirmationUrl") if said.has("confirmationUrl") else url
    if "${" in url and not said.has("confirmationUrl"):
        raise said.error("url holds a template, so confirmationUrl must be given")
    check_loopback(confirmation_url)
    if "${" not in confirmation_url and not url.startswith(confirmation_url):
        raise said.error(f"url begins with confirmationUrl: {url} does not")
    headers = said.each("headers", ("key", "value"), _MAX_HEADERS)
    return HttpAction(
        said.template("url"),
        None if "${" in confirmation_url else confirmation_url,
        tuple(_read_header(each) for each in headers),
        _read_batching(said) if said.flag("enableBatching") else None,
    )


def check_loopback(url: str) -> None:
    """Raises InvalidDeclaration unless the address is on this computer and written out."""
    try:
        address = urlsplit(url)
        host, _ = address.hostname or "", address.port
    except ValueError:
        host, address = "", urlsplit("")
    if address.scheme not in ("http", "https") or not host or "${" in address.netloc:
        raise InvalidDeclaration(f"http: {url} is no address: https://host/path, the host written")
    if not _is_loopback(host):
        raise InvalidDeclaration(
            f"http: {host} cannot be reached from here: only loopback is (127.0.0.1, localhost)"
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.IPv4Address(host).is_loopback
    except ValueError:
        return False


def _read_header(said: Parameters) -> tuple[str, Template]:
    name = said.text("key")
    if not _TOKEN.match(name) or name.lower() in _NOT_SET_HERE:
        raise said.error(f"{name!r} is no header a rule can set")
    return name, said.template("value")


def _read_batching(said: Parameters) -> Batching:
    inner = said.inner("batchConfig", _BATCH)
    return Batching(
        inner.whole("maxBatchOpenMs", 5, 200, 20),
        inner.whole("maxBatchSize", 2, 10, 10),
        inner.whole("maxBatchSizeBytes", 100, 131_072, 5120),
        inner.flag("batchAcrossTopics"),
    )
