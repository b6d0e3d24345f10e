"""Where each microsecond of a shadow update goes, and the ratio to moto's document logic.

python -m benchmarks.shadow_document
"""

import json
import tempfile
from pathlib import Path

from moto.iotdata.models import FakeShadow

from benchmarks.stopwatch import per_second, show
from cloud_functions.cells import Space, Write
from cloud_functions.ports import Message
from cloud_functions.shadow import document as documents
from cloud_functions.shadow.request import parse_update
from cloud_functions.shadow.service import ShadowService
from cloud_functions.storage.lmdb_cell import LmdbCell
from device_sim.robot.fleet import Fleet, RobotSpec
from device_sim.robot.report import first_report

BATCH = 100


def main() -> None:
    fleet = Fleet([RobotSpec("r1", "i7", 1)], 7, 1_700_000_000.0)
    whole = {"state": {"reported": first_report(fleet, 0), "desired": {"name": "Robot"}}}
    change = json.dumps(
        {
            "state": {"reported": {"batPct": 55, "signal": {"rssi": -50, "snr": 40}}},
            "clientToken": "0123456789abcdef",
        }
    ).encode()
    before = documents.update(None, parse_update(json.dumps(whole).encode()), 1)
    request = parse_update(change)
    after = documents.update(before, request, 2)
    print(f"document {len(after.encoded):,} bytes with metadata, change {len(change)} bytes")

    steps = per_second(
        {
            "parse": lambda: parse_update(change),
            "merge and encode the document": lambda: documents.update(before, request, 2),
            "documents message": lambda: documents.documents_body(before, after, "t"),
            "accepted message": lambda: documents.accepted_body(request, after),
            "delta": lambda: documents.delta_body(after, "t"),
            "bytes to store": lambda: documents.preserve(after),
        }
    )
    for name, rate in steps.items():
        print(f"  {name:<32}{1e6 / rate:7.1f} us")

    with tempfile.TemporaryDirectory() as folder:
        store = LmdbCell(Path(folder) / "s.lmdb")
        raw = documents.preserve(after)
        writes = [Write(Space.SHADOWS, b"r%d" % n, raw) for n in range(BATCH)]
        rate = per_second({"commit": lambda: store.commit(writes)}, rounds=2)["commit"]
        print(f"  {f'commit, of {BATCH} in a batch':<32}{1e6 / rate / BATCH:7.1f} us")
        service = ShadowService([store])
        service.handle([Message("$aws/things/r1/shadow/update", json.dumps(whole).encode())], 1.0)
        update = [Message("$aws/things/r1/shadow/update", change)]
        moto = FakeShadow.create_from_previous_version(None, whole)
        rates = per_second(
            {
                "robofleet, all messages": lambda: service.handle(update, 2.0),
                "moto, the document alone": lambda: FakeShadow.create_from_previous_version(
                    moto, json.loads(change)
                ).to_dict(),
            }
        )
        show("one update", rates, "robofleet, all messages")
        store.close()


if __name__ == "__main__":
    main()
