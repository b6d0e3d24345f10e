"""The document of the product's routes."""

from cloud_functions.runtime.http.openapi import openapi
from cloud_functions.runtime.options import DEFAULT_TEMPLATE
from cloud_functions.runtime.template.reader import read


def test_a_query_parameter_of_a_handler_is_documented() -> None:
    parameters = openapi(read(DEFAULT_TEMPLATE))["paths"]["/robots"]["get"]["parameters"]

    (query,) = parameters
    assert (query["name"], query["in"]) == ("q", "query")
    assert "shadow.reported.batPct<20" in query["description"]
