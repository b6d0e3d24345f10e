"""The document of a template's routes."""

from pathlib import Path

import pytest

from cloud_functions.runtime.http.openapi import openapi
from cloud_functions.runtime.options import DEFAULT_TEMPLATE
from cloud_functions.runtime.template.declaration import Declaration, Function, Route
from cloud_functions.runtime.template.reader import read

ERROR = {"$ref": "#/components/schemas/Error"}
MESSAGE = {"$ref": "#/components/schemas/GatewayMessage"}


@pytest.fixture(scope="module")
def ours():
    return openapi(read(DEFAULT_TEMPLATE))


@pytest.fixture
def theirs():
    function = Function("Hello", "app.hello", Path())
    routes = [Route("GET", "/hello/{name}", "Hello"), Route("ANY", "/all/{rest+}", "Hello")]
    return Declaration(Path("shop/template.yaml"), functions={"Hello": function}, routes=routes)


def test_a_query_parameter_of_a_handler_is_documented(ours) -> None:
    parameters = ours["paths"]["/robots"]["get"]["parameters"]

    (query,) = parameters
    assert (query["name"], query["in"]) == ("q", "query")
    assert "shadow.reported.batPct<20" in query["description"]


def schema(operation: dict, status: str) -> dict:
    return operation["responses"][status]["content"]["application/json"]["schema"]


def test_both_kinds_of_error_are_documented_where_both_answer(ours) -> None:
    operation = ours["paths"]["/robots/{thing}/alerts"]["get"]

    assert schema(operation, "404") == {"oneOf": [ERROR, MESSAGE]}
    assert schema(operation, "500") == {"oneOf": [ERROR, MESSAGE]}
    assert schema(operation, "403") == ERROR
    assert schema(operation, "401") == MESSAGE
    assert operation["parameters"][0]["schema"]["pattern"] == "^[a-zA-Z0-9:_-]{1,128}$"
    assert "fleet of vacuum robots" in ours["info"]["title"]


def test_of_a_strangers_function_only_the_gateways_answers_are_known(theirs) -> None:
    said = openapi(theirs)
    operation = said["paths"]["/hello/{name}"]["get"]

    assert said["info"]["title"] == "template.yaml"
    assert set(operation["responses"]) == {"default", "413", "429", "500", "503"}
    assert schema(operation, "503") == MESSAGE
    assert list(said["components"]["schemas"]) == ["GatewayMessage"]
    assert "securitySchemes" not in said["components"]
    assert operation["parameters"][0]["schema"] == {"type": "string", "minLength": 1}
    assert list(said["paths"]["/all/{rest+}"]) == ["x-amazon-apigateway-any-method"]


def test_a_template_is_called_as_it_describes_itself(tmp_path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(
        "Description: A shop of lamps\nResources:\n  Table:\n"
        "    Type: AWS::Serverless::SimpleTable\n"
    )

    assert openapi(read(path))["info"]["title"] == "A shop of lamps"
