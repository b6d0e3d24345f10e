"""The identity service: Cognito's SignUp, ConfirmSignUp, InitiateAuth and GetUser.

Passwords are kept as scrypt hashes (N=2^13, r=8, p=1: about 20 ms and 8 MB each, so that the 500
sign-ins of a load test take seconds and not minutes), refresh tokens as SHA-256.
"""

import asyncio
import hashlib
import hmac
import secrets
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.contract.api import is_email
from cloud_functions.errors import Unauthorized
from cloud_functions.runtime.http.tokens import LIFETIME_S, TokenMint
from cloud_functions.storage.sqlite_accounts import SqliteAccounts, StoredAccount

TARGET: Final = "AWSCognitoIdentityProviderService."
_REFRESH_LIFETIME_S: Final = 30 * 86_400
_MIN_PASSWORD: Final = 8
_MAX_TEXT: Final = 256
_MAX_BODY: Final = 65_536
_WRONG: Final = "Incorrect username or password."


class IdentityError(Exception):
    """A refusal with Cognito's exception name."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Identity:
    """Accounts and tokens of one user pool."""

    def __init__(
        self,
        accounts: SqliteAccounts,
        mint: TokenMint,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._accounts = accounts
        self._mint = mint
        self._clock = clock
        self._operations: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
            "SignUp": self._sign_up,
            "ConfirmSignUp": self._confirm,
            "InitiateAuth": self._initiate_auth,
            "GetUser": self._get_user,
        }

    async def handle(self, request: Request) -> Response:
        """Answer one Cognito request."""
        name = request.headers.get("x-amz-target", "").removeprefix(TARGET)
        try:
            operation = self._operations.get(name)
            if operation is None:
                known = ", ".join(self._operations)
                raise IdentityError(
                    "UnknownOperationException", f"{name or 'none'}: there are {known}"
                )
            said = await operation(_object(await request.body()))
        except IdentityError as error:
            body = {"__type": error.kind, "message": str(error)}
            return _response(body, 400)
        return _response(said, 200)

    async def _sign_up(self, said: Mapping[str, Any]) -> Mapping[str, Any]:
        self._check_client(said)
        email, password = _text(said, "Username").lower(), _text(said, "Password")
        if not is_email(email):
            raise IdentityError("InvalidParameterException", "Username should be an email.")
        if len(password) < _MIN_PASSWORD:
            raise IdentityError(
                "InvalidPasswordException",
                f"Password did not conform with policy: at least {_MIN_PASSWORD} characters",
            )
        salt = secrets.token_bytes(16)
        hashed = await asyncio.to_thread(hash_password, password, salt)
        subject = str(uuid.uuid4())
        if not self._accounts.add(StoredAccount(email, subject, salt, hashed)):
            raise IdentityError("UsernameExistsException", "User already exists")
        return {"UserConfirmed": True, "UserSub": subject}

    async def _confirm(self, said: Mapping[str, Any]) -> Mapping[str, Any]:
        """Sign-ups are confirmed at once here; asking again does no harm."""
        self._check_client(said)
        return {}

    async def _initiate_auth(self, said: Mapping[str, Any]) -> Mapping[str, Any]:
        self._check_client(said)
        parameters = said.get("AuthParameters")
        if not isinstance(parameters, Mapping):
            raise IdentityError("InvalidParameterException", "AuthParameters is an object")
        flow = said.get("AuthFlow")
        if flow == "USER_PASSWORD_AUTH":
            account = await self._by_password(parameters)
            return self._authenticated(account, self._new_refresh(account.email))
        if flow in ("REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"):
            return self._authenticated(self._by_refresh(parameters), None)
        raise IdentityError(
            "InvalidParameterException",
            f"AuthFlow {flow}: there are USER_PASSWORD_AUTH, REFRESH_TOKEN_AUTH",
        )

    async def _by_password(self, parameters: Mapping[str, Any]) -> StoredAccount:
        account = self._accounts.find(_text(parameters, "USERNAME").lower())
        salt = account.salt if account else b"nobody has this salt"
        hashed = await asyncio.to_thread(hash_password, _text(parameters, "PASSWORD"), salt)
        if account is None or not hmac.compare_digest(hashed, account.hash):
            raise IdentityError("NotAuthorizedException", _WRONG)
        return account

    def _by_refresh(self, parameters: Mapping[str, Any]) -> StoredAccount:
        hashed = hashlib.sha256(_text(parameters, "REFRESH_TOKEN").encode()).digest()
        email = self._accounts.email_of_refresh(hashed, self._clock())
        account = self._accounts.find(email) if email else None
        if account is None:
            raise IdentityError("NotAuthorizedException", "Invalid Refresh Token")
        return account

    def _new_refresh(self, email: str) -> str:
        token = secrets.token_urlsafe(48)
        hashed = hashlib.sha256(token.encode()).digest()
        self._accounts.keep_refresh(hashed, email, self._clock() + _REFRESH_LIFETIME_S)
        return token

    def _authenticated(self, account: StoredAccount, refresh: str | None) -> Mapping[str, Any]:
        access, identity = self._mint.issue(account.subject, account.email)
        result = {
            "AccessToken": access,
            "IdToken": identity,
            "ExpiresIn": LIFETIME_S,
            "TokenType": "Bearer",
        }
        if refresh is not None:
            result["RefreshToken"] = refresh
        return {"AuthenticationResult": result, "ChallengeParameters": {}}

    async def _get_user(self, said: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            claims = self._mint.verify(_text(said, "AccessToken"))
        except Unauthorized:
            raise IdentityError("NotAuthorizedException", "Invalid Access Token") from None
        subject = str(claims["sub"])
        attributes = [{"Name": "sub", "Value": subject}]
        return {"Username": subject, "UserAttributes": attributes}

    def _check_client(self, said: Mapping[str, Any]) -> None:
        if said.get("ClientId") != self._mint.client_id:
            raise IdentityError(
                "ResourceNotFoundException", f"User pool client {said.get('ClientId')} is not known"
            )


def hash_password(password: str, salt: bytes) -> bytes:
    """The scrypt hash of a password."""
    return hashlib.scrypt(password.encode(), salt=salt, n=2**13, r=8, p=1, dklen=32)


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        said = orjson.loads(body) if len(body) <= _MAX_BODY else None
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict):
        raise IdentityError("SerializationException", "the body is a JSON object of up to 64 KB")
    return said


def _text(said: Mapping[str, Any], member: str) -> str:
    value = said.get(member)
    if not isinstance(value, str) or not 0 < len(value) <= max(_MAX_TEXT, 4096):
        raise IdentityError("InvalidParameterException", f"{member} is a text")
    return value


def _response(said: Mapping[str, Any], status: int) -> Response:
    return Response(orjson.dumps(said), status_code=status, media_type="application/x-amz-json-1.1")
