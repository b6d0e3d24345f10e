"""Path parameters that may hold slashes, percent-encoded by boto3 (AWS reference, section 8.1)."""

from urllib.parse import unquote

from starlette.requests import Request


def raw_segments(request: Request) -> list[str]:
    """The levels of the path as they were sent, each decoded by itself."""
    raw = request.scope["raw_path"].decode("latin-1").partition("?")[0]
    return [unquote(segment) for segment in raw.lstrip("/").split("/")]


def topic_of(request: Request) -> str:
    """The topic behind the first level, its slashes encoded or not."""
    return "/".join(raw_segments(request)[1:])
