"""Signature Version 4, against AWS's own example and against botocore as the oracle."""

import datetime
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from hypothesis import given
from hypothesis import strategies as st

from cloud_functions.contract.aws_signature import (
    Credentials,
    SignatureRefused,
    Signed,
    claim_of,
    signed_headers,
    verify,
)

KEY = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
AT_S = datetime.datetime(2015, 8, 30, 12, 36, tzinfo=datetime.UTC).timestamp()


def test_awss_own_example_has_awss_own_signature() -> None:
    request = Signed("GET", "/", "", {"host": "example.amazonaws.com"})

    headers = signed_headers(KEY, request, region="us-east-1", service="service", now_s=AT_S)

    assert headers["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request,"
        " SignedHeaders=host;x-amz-date,"
        " Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    )


PATHS = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="./"), min_size=1, max_size=8),
    min_size=1,
    max_size=3,
)


def signed_by_botocore(auth, method: str, url: str, body: bytes) -> tuple[Signed, float]:
    request = AWSRequest(method, url, data=body, headers={"X-Extra": " a   b "})
    auth(BotoCredentials(*KEY), "iotdata", "us-east-1").add_auth(request)
    prepared = request.prepare()
    target = prepared.url.removeprefix("http://127.0.0.1:8080")
    path, _, query = target.partition("?")
    headers = {name.lower(): str(value) for name, value in prepared.headers.items()}
    headers = {name: value.removeprefix("b'").removesuffix("'") for name, value in headers.items()}
    signed = Signed(method, path, query, {"host": "127.0.0.1:8080", **headers}, body)
    return signed, datetime.datetime.now(datetime.UTC).timestamp()


@given(PATHS, st.binary(max_size=20))
def test_what_botocore_signs_is_right(levels, body) -> None:
    path = "/".join(quote(level, safe="") for level in levels)
    request, now_s = signed_by_botocore(
        SigV4Auth, "POST", f"http://127.0.0.1:8080/topics/{path}", body
    )

    verify(KEY, request, now_s)

    assert claim_of(request).access_key == KEY.access_key
    for changed in (
        request._replace(body=body + b"x"),
        request._replace(path=request.path + "x"),
        request._replace(query="a=b"),
        request._replace(method="PUT"),
    ):
        with pytest.raises(SignatureRefused, match="does not fit"):
            verify(KEY, changed, now_s)


def test_a_presigned_url_is_right_until_it_expires() -> None:
    request, now_s = signed_by_botocore(SigV4QueryAuth, "GET", "http://127.0.0.1:8080/mqtt", b"")

    verify(KEY, request, now_s)
    token_after = request._replace(query=request.query + "&X-Amz-Security-Token=a%2Fb")
    verify(KEY, token_after, now_s)

    with pytest.raises(SignatureRefused, match="is old"):
        verify(KEY, request, now_s + 3700)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"authorization": ""}, "MissingAuthenticationTokenException"),
        ({"authorization": "AWS4-HMAC-SHA256 nonsense"}, "IncompleteSignatureException"),
        ({"authorization": "AWS4-HMAC-SHA256 Credential=a/b"}, "IncompleteSignatureException"),
        ({"x-amz-date": "yesterday"}, "IncompleteSignatureException"),
        ({"x-amz-date": "20150829T123600Z"}, "InvalidSignatureException"),
    ],
)
def test_a_broken_signature_is_refused_with_awss_name_for_it(change, code) -> None:
    request = Signed("GET", "/", "", {"host": "h"})
    headers = signed_headers(KEY, request, region="us-east-1", service="iot", now_s=AT_S)

    with pytest.raises(SignatureRefused) as refused:
        verify(KEY, request._replace(headers={"host": "h", **headers, **change}), AT_S)

    assert refused.value.code == code
