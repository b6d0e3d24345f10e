"""Settings as they are typed."""

import pytest

from mobile_client.errors import Invalid
from mobile_client.lan.wishes import settings


def test_values_are_json_or_else_text() -> None:
    typed = ["vacHigh=true", "rankOverlap=67", "name=Garden flat", 'padWetness={"reusable":2}']

    assert settings(typed) == {
        "vacHigh": True,
        "rankOverlap": 67,
        "name": "Garden flat",
        "padWetness": {"reusable": 2},
    }


@pytest.mark.parametrize("typed", [[], ["vacHigh"], ["=true"], ["a=1", "b"]])
def test_what_is_no_setting_is_refused_with_an_example(typed) -> None:
    with pytest.raises(Invalid, match="such as"):
        settings(typed)
