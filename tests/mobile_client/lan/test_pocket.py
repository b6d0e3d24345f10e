"""Where passwords of robots at home are kept."""

from pathlib import Path

from mobile_client.lan.pocket import HomePocket, Known

ROBOT = Known("127.16.0.1", "3177820880421650", ":1:1486937829:gktkDoYpWaDxCfGh")


def test_a_robot_is_known_by_its_address_in_the_next_command(tmp_path: Path) -> None:
    HomePocket(tmp_path).keep(ROBOT)

    assert HomePocket(tmp_path).at("127.16.0.1") == ROBOT
    assert HomePocket(tmp_path).at("127.16.0.2") is None


def test_only_its_owner_reads_the_file(tmp_path: Path) -> None:
    HomePocket(tmp_path).keep(ROBOT)

    assert [path.stat().st_mode & 0o077 for path in tmp_path.iterdir()] == [0]


def test_a_broken_file_is_an_empty_pocket(tmp_path: Path) -> None:
    for text in ("", "[]", '{"127.16.0.1": 1}', '{"127.16.0.1": {"a": "b"}}'):
        (tmp_path / "phone-lan.json").write_text(text)
        assert HomePocket(tmp_path).at("127.16.0.1") is None
