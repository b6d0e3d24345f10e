"""Sign-up and sign-in as Cognito answers them."""

import json

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.routing import Route

from cloud_functions.runtime.http.identity import TARGET, Identity
from cloud_functions.runtime.http.tokens import TokenMint
from cloud_functions.storage.sqlite_accounts import SqliteAccounts

EMAIL, PASSWORD = "ada@example.com", "a-long-password"


@pytest.fixture
def mint():
    return TokenMint(RSAKey.generate_key(2048), "http://cloud.test/pool", "phone")


@pytest.fixture
async def ask(tmp_path, mint):
    accounts = SqliteAccounts(tmp_path / "cloud.db")
    app = Starlette(routes=[Route("/", Identity(accounts, mint).handle, methods=["POST"])])
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://cloud.test") as client:

        async def send(operation: str, body: object) -> tuple[int, dict]:
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            headers = {"x-amz-target": TARGET + operation}
            response = await client.post("/", content=raw, headers=headers)
            return response.status_code, response.json()

        yield send
    accounts.close()


def sign_up(email=EMAIL, password=PASSWORD):
    return {"ClientId": "phone", "Username": email, "Password": password}


def sign_in(email=EMAIL, password=PASSWORD):
    parameters = {"USERNAME": email, "PASSWORD": password}
    flow = {"ClientId": "phone", "AuthFlow": "USER_PASSWORD_AUTH"}
    return {**flow, "AuthParameters": parameters}


async def test_who_signed_up_signs_in_whatever_the_case_of_the_address(ask, mint) -> None:
    status, made = await ask("SignUp", sign_up())
    _, said = await ask("InitiateAuth", sign_in("Ada@Example.com"))

    tokens = said["AuthenticationResult"]
    assert (status, made["UserConfirmed"]) == (200, True)
    assert mint.verify(tokens["AccessToken"])["sub"] == made["UserSub"]
    assert tokens["TokenType"] == "Bearer"


async def test_the_key_set_verifies_the_tokens(ask, mint) -> None:
    await ask("SignUp", sign_up())
    _, said = await ask("InitiateAuth", sign_in())

    keys = KeySet.import_key_set(json.loads(json.dumps(mint.key_set())))

    claims = jwt.decode(said["AuthenticationResult"]["IdToken"], keys).claims
    assert (claims["email"], claims["aud"]) == (EMAIL, "phone")
    assert "d" not in mint.key_set()["keys"][0]


async def test_a_refresh_token_gives_new_tokens_and_a_made_up_one_none(ask) -> None:
    await ask("SignUp", sign_up())
    _, said = await ask("InitiateAuth", sign_in())
    again = {"ClientId": "phone", "AuthFlow": "REFRESH_TOKEN_AUTH"}
    good = {"REFRESH_TOKEN": said["AuthenticationResult"]["RefreshToken"]}

    status, fresh = await ask("InitiateAuth", {**again, "AuthParameters": good})
    _, refused = await ask("InitiateAuth", {**again, "AuthParameters": {"REFRESH_TOKEN": "x"}})

    assert status == 200
    assert "AccessToken" in fresh["AuthenticationResult"]
    assert refused["__type"] == "NotAuthorizedException"


@pytest.mark.parametrize(
    ("operation", "body", "kind"),
    [
        ("SignUp", sign_up(), "UsernameExistsException"),
        ("SignUp", sign_up("eve@example.com", "short"), "InvalidPasswordException"),
        ("SignUp", {**sign_up(), "ClientId": "x"}, "ResourceNotFoundException"),
        ("SignUp", {"ClientId": "phone", "Username": 7}, "InvalidParameterException"),
        ("SignUp", sign_up("notanemail"), "InvalidParameterException"),
        ("SignUp", sign_up("ada@localhost"), "InvalidParameterException"),
        ("SignUp", sign_up("ada @example.com"), "InvalidParameterException"),
        ("SignUp", sign_up("a@b@example.com"), "InvalidParameterException"),
        ("InitiateAuth", sign_in(password="wrong-password"), "NotAuthorizedException"),
        ("InitiateAuth", sign_in("nobody@example.com"), "NotAuthorizedException"),
        ("InitiateAuth", {**sign_in(), "AuthFlow": "MAGIC"}, "InvalidParameterException"),
        ("InitiateAuth", {**sign_in(), "AuthParameters": 1}, "InvalidParameterException"),
        ("GetUser", {"AccessToken": "made.up.token"}, "NotAuthorizedException"),
        ("SignUp", b"{not json", "SerializationException"),
        ("SignUp", b"[]", "SerializationException"),
        ("Fly", {}, "UnknownOperationException"),
    ],
)
async def test_a_refusal_has_cognitos_name(ask, operation, body, kind) -> None:
    await ask("SignUp", sign_up())

    status, said = await ask(operation, body)

    assert (status, said["__type"]) == (400, kind)
    assert said["message"]
