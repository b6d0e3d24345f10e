"""JWTs as Cognito makes and API Gateway checks them: RS256, with a key set."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey

from cloud_functions.errors import Unauthorized

LIFETIME_S: Final = 3600
_KEY_BITS: Final = 2048


def load_key(path: Path) -> RSAKey:
    """The signing key, made once and readable by its owner only."""
    if path.exists():
        return RSAKey.import_key(path.read_text())
    path.parent.mkdir(parents=True, exist_ok=True)
    key = RSAKey.generate_key(_KEY_BITS)
    path.touch(mode=0o600)
    path.write_bytes(key.as_pem(private=True))
    return key


class TokenMint:
    """Issues and verifies the tokens of one issuer."""

    def __init__(
        self, key: RSAKey, issuer: str, client_id: str, clock: Callable[[], float] = time.time
    ) -> None:
        self.issuer = issuer
        self.client_id = client_id
        self._key = key
        self._kid = key.thumbprint()
        self._clock = clock

    def key_set(self) -> Mapping[str, Any]:
        """The public keys, as `/.well-known/jwks.json` shows them."""
        public = self._key.as_dict(private=False)
        return {"keys": [{**public, "kid": self._kid, "alg": "RS256", "use": "sig"}]}

    def issue(self, subject: str, email: str) -> tuple[str, str]:
        """An access token and an ID token."""
        now_s = int(self._clock())
        shared = {
            "sub": subject,
            "iss": self.issuer,
            "iat": now_s,
            "auth_time": now_s,
            "exp": now_s + LIFETIME_S,
        }
        access = {
            **shared,
            "token_use": "access",
            "client_id": self.client_id,
            "username": subject,
            "scope": "aws.cognito.signin.user.admin",
        }
        identity = {
            **shared,
            "token_use": "id",
            "aud": self.client_id,
            "cognito:username": subject,
            "email": email,
            "email_verified": True,
        }
        return self._sign(access), self._sign(identity)

    def _sign(self, claims: Mapping[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "kid": self._kid}, dict(claims), self._key)

    def verify(self, token: str, audience: tuple[str, ...] = ()) -> Mapping[str, Any]:
        """The claims of a valid token.  Raises Unauthorized."""
        return verify(token, self._key, self.issuer, audience, self._clock())


def verify(
    token: str,
    key: RSAKey | KeySet,
    issuer: str,
    audience: tuple[str, ...],
    now_s: float,
) -> Mapping[str, Any]:
    """The claims of a token: signature, issuer, audience or client, and time are right.

    Raises Unauthorized.
    """
    try:
        claims = jwt.decode(token, key, algorithms=["RS256"]).claims
    except (JoseError, ValueError):
        raise Unauthorized("the token is not valid") from None
    expires, not_before = claims.get("exp"), claims.get("nbf", 0)
    if not isinstance(expires, int | float) or expires <= now_s or not_before > now_s:
        raise Unauthorized("the token is not valid now")
    if claims.get("iss") != issuer:
        raise Unauthorized("the token is of another issuer")
    said = claims.get("aud", claims.get("client_id"))
    named = set(said) if isinstance(said, list) else {said}
    if audience and not named & set(audience):
        raise Unauthorized("the token is for another audience")
    return claims
