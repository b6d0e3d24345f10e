"""Where deeds end: items, objects, logs, metrics."""

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from cloud_functions.errors import InvalidRequest, NotFound, TooLarge
from cloud_functions.ports import Stored
from cloud_functions.rules.deeds import ChangeItem, PutItem, PutLog, PutMetric, PutObject
from cloud_functions.runtime.rule_actions import logs as logs_module
from cloud_functions.runtime.rule_actions import metrics as metrics_module
from cloud_functions.runtime.rule_actions.items import ItemWriter
from cloud_functions.runtime.rule_actions.logs import LogWriter
from cloud_functions.runtime.rule_actions.metrics import RuleMetrics
from cloud_functions.runtime.rule_actions.objects import ObjectWriter
from cloud_functions.runtime.template.declaration import TableSpec
from cloud_functions.storage.file_blobs import FileBlobs
from cloud_functions.storage.sqlite_table import SqliteTables

READINGS = TableSpec("readings", "sensor", "at", {"sensor": "S", "at": "N"})
SIMPLE = TableSpec("simple", "id")


@pytest.fixture
def tables(tmp_path):
    file = SqliteTables(tmp_path / "tables.db")
    yield {name: file.table(name) for name in ("readings", "simple")}
    file.close()


@pytest.fixture
def items(tables):
    return ItemWriter({spec.name: spec for spec in (READINGS, SIMPLE)}, tables)


def test_an_item_is_found_under_the_key_its_table_declares(items, tables) -> None:
    item = {"sensor": "a", "at": 7.0, "celsius": 21.5}

    items.write([PutItem("readings", item), PutItem("simple", {"id": "x"})])

    assert tables["readings"].get(("a", "7")) == Stored(("a", "7"), item, 1)
    assert tables["simple"].get(("x", "")).item == {"id": "x"}


@pytest.mark.parametrize(
    ("item", "complaint"),
    [
        ({"at": 1}, "the item lacks the key sensor"),
        ({"sensor": "a"}, "the item lacks the key at"),
        ({"sensor": 1, "at": 1}, "the key sensor is of type S, not 1"),
        ({"sensor": "", "at": 1}, "the key sensor is of type S, not ''"),
        ({"sensor": "a", "at": "1"}, "the key at is of type N, not '1'"),
        ({"sensor": "a", "at": True}, "the key at is of type N, not True"),
    ],
)
def test_an_item_without_its_key_is_refused(items, item, complaint) -> None:
    with pytest.raises(InvalidRequest, match=complaint):
        items.write([PutItem("readings", item)])


def test_a_table_that_is_not_declared_is_named(items) -> None:
    with pytest.raises(NotFound, match="there is no table other; there are readings, simple"):
        items.write([PutItem("other", {})])


def change(operation: str, value: object, field: str = "payload") -> ChangeItem:
    return ChangeItem("simple", operation, {"id": "x"}, field, value)


def test_insert_update_and_delete_do_what_they_say(items, tables) -> None:
    items.write([change("INSERT", {"n": 1}), change("UPDATE", 2, "other")])
    together = tables["simple"].get(("x", "")).item
    items.write([change("UPDATE", 3)])
    updated = tables["simple"].get(("x", "")).item
    items.write([change("INSERT", 4)])
    inserted = tables["simple"].get(("x", "")).item
    items.write([change("DELETE", None)])

    assert together == {"id": "x", "payload": {"n": 1}, "other": 2}
    assert updated == {"id": "x", "payload": 3, "other": 2}
    assert inserted == {"id": "x", "payload": 4}
    assert tables["simple"].get(("x", "")) is None


def test_an_object_is_stored_in_its_bucket(tmp_path) -> None:
    writer = ObjectWriter({"raw": FileBlobs(tmp_path / "raw")})

    writer.write([PutObject("raw", "year=2026/a b.json", b"{}")])

    assert (tmp_path / "raw/year=2026/a b.json").read_bytes() == b"{}"
    with pytest.raises(NotFound, match="there is no bucket other; there are raw"):
        writer.write([PutObject("other", "k", b"")])
    with pytest.raises(InvalidRequest):
        writer.write([PutObject("raw", "", b"")])


def test_lines_go_to_the_file_of_their_group(tmp_path) -> None:
    writer = LogWriter(tmp_path)

    writer.write([PutLog("/fleet/one", [(0, "a"), (1_500, "b")]), PutLog("two", [(0, "c")])])
    writer.write([PutLog("/fleet/one", [(10**18, "far")])])

    assert (tmp_path / "fleet/one.log").read_text() == (
        "1970-01-01T00:00:00.000Z a\n1970-01-01T00:00:01.500Z b\n1000000000000000000 far\n"
    )
    assert (tmp_path / "two.log").read_text() == "1970-01-01T00:00:00.000Z c\n"


@pytest.mark.parametrize("group", ["..", "a/../b", "a//b", "/", "./a"])
def test_a_log_group_cannot_leave_its_folder(tmp_path, group) -> None:
    with pytest.raises(InvalidRequest):
        LogWriter(tmp_path).write([PutLog(group, [(0, "a")])])


def test_there_are_only_so_many_log_groups(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(logs_module, "MAX_GROUPS", 2)
    writer = LogWriter(tmp_path)
    writer.write([PutLog("a", [(0, "x")]), PutLog("b", [(0, "x")])])

    with pytest.raises(TooLarge, match="c is one too many"):
        writer.write([PutLog("c", [(0, "x")])])


def metric(value: float, at_ms: int = 1, name: str = "celsius") -> PutMetric:
    return PutMetric("sensors", name, value, "None", at_ms)


def test_values_are_summed_up_under_their_name(monkeypatch) -> None:
    metrics = RuleMetrics()
    for value, at_ms in ((3.0, 1), (1.0, 5), (2.0, 4)):
        metrics.count(metric(value, at_ms))

    assert metrics.as_json() == [
        {
            "namespace": "sensors",
            "name": "celsius",
            "unit": "None",
            "sampleCount": 3,
            "sum": 6.0,
            "minimum": 1.0,
            "maximum": 3.0,
            "last": 1.0,
            "timestamp": 5,
        }
    ]
    monkeypatch.setattr(metrics_module, "MAX_SERIES", 1)
    metrics.count(metric(1.0))
    with pytest.raises(TooLarge, match="other is one too many"):
        metrics.count(metric(1.0, name="other"))


def test_prometheus_sees_them() -> None:
    metrics, registry = RuleMetrics(), CollectorRegistry()
    metrics.count(metric(21.5))
    registry.register(metrics)

    text = generate_latest(registry).decode()

    labels = '{name="celsius",namespace="sensors",unit="None"}'
    assert f"robofleet_rule_metric{labels} 21.5" in text
    assert f"robofleet_rule_metric_samples_total{labels} 1.0" in text
