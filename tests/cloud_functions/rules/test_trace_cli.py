"""`robofleet rules trace`: a line for a person."""

from cloud_functions.rules.trace_cli import _text

LINE = {"rule": "R", "topic": "a", "client_id": "c", "ms": 1.0, "at_ms": 0}


def test_an_action_is_shown_with_its_time_and_a_rule_without_one_with_its_reason() -> None:
    acted = _text({**LINE, "action": "SqsAction", "resource": "q", "outcome": "done"})
    idle = _text({**LINE, "action": "", "resource": "", "outcome": "matched, WHERE is false"})

    assert acted.endswith("  R  a  c  SqsAction q  done  1.0 ms")
    assert idle.endswith("  R  a  c  matched, WHERE is false")
