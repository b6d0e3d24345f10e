"""The account behind a bearer token, where no gateway has checked it: WebSocket handshakes."""

import json
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from cloud_functions.errors import Unauthorized
from cloud_functions.messaging.http_client import HttpClient


@lru_cache(maxsize=8)
def _keys(issuer: str) -> KeySet:
    """The issuer's public keys, fetched once in an environment's life."""
    address = urlsplit(issuer)
    if address.scheme == "https":
        from urllib.request import urlopen  # noqa: PLC0415  only on AWS

        with urlopen(f"{issuer}/.well-known/jwks.json", timeout=5) as answer:  # noqa: S310  https, from the settings
            return KeySet.import_key_set(json.load(answer))
    client = HttpClient(f"{address.scheme}://{address.netloc}")
    said: Any = client.call("GET", f"{address.path}/.well-known/jwks.json")
    return KeySet.import_key_set(said)


def subject(token: str, issuer: str, audience: str, now_s: float) -> str:
    """The subject of a valid token of that issuer.  Raises Unauthorized."""
    try:
        claims = jwt.decode(token, _keys(issuer), algorithms=["RS256"]).claims
    except (JoseError, ValueError):
        raise Unauthorized("the token is not valid") from None
    if claims.get("iss") != issuer or float(claims.get("exp", 0)) <= now_s:
        raise Unauthorized("the token is not valid now")
    if audience and audience not in (claims.get("aud"), claims.get("client_id")):
        raise Unauthorized("the token is for another audience")
    return str(claims["sub"])
