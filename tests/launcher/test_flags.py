from __future__ import annotations

from pathlib import Path

from stillbytes.launcher.flags import ServerFolders, card_flags, server_flags
from stillbytes.launcher.probe import CPU, Card, parse_cards

RTX_3060 = Card("nvidia", "NVIDIA GeForce RTX 3060", 12288, 1100, (8, 6))
H200 = Card("nvidia", "NVIDIA H200", 143771, 0, (9, 0))
APPLE = Card("apple", "the graphics part of Apple's chip")


def test_without_a_card_models_run_on_the_cpu() -> None:
    assert card_flags(CPU) == ["--cpu"]


def test_a_12_gb_card_keeps_room_for_the_screen() -> None:
    assert card_flags(RTX_3060) == ["--vram-headroom", "0.75"]


def test_a_large_card_and_apples_need_no_flag() -> None:
    assert card_flags(H200) == card_flags(APPLE) == []


def test_no_card_turns_off_the_streaming_of_weights() -> None:
    harmful = {"--lowvram", "--highvram", "--novram", "--gpu-only", "--disable-dynamic-vram", "--disable-smart-memory"}
    assert all(not harmful & set(card_flags(card)) for card in (CPU, RTX_3060, H200, APPLE))


def test_a_server_listens_on_loopback_only_and_takes_raw_files() -> None:
    flags = server_flags(CPU, 8190, ServerFolders(Path("/base"), Path("/base/user/x.db")))
    assert flags[flags.index("--listen") + 1] == "127.0.0.1"
    assert float(flags[flags.index("--max-upload-size") + 1]) > 200
    assert flags[flags.index("--base-directory") + 1] == str(Path("/base"))
    assert "--enable-cors-header" not in flags


def test_a_users_own_comfyui_keeps_its_folders_and_the_users_flags_come_last() -> None:
    flags = server_flags(CPU, 8190, ServerFolders(None, Path("/x.db")), ["--port", "9000"])
    assert "--base-directory" not in flags
    assert flags[-2:] == ["--port", "9000"]


def test_nvidia_smis_answer_is_read() -> None:
    assert parse_cards("NVIDIA GeForce RTX 3060, 12288, 1100, 8.6\nNVIDIA H200, 143771, 0, 9.0\n") == [RTX_3060, H200]


def test_answers_that_make_no_sense_are_no_cards() -> None:
    assert parse_cards("No devices were found\n") == []
    assert parse_cards("Tegra, [N/A], [N/A], [N/A]") == []
    assert parse_cards("") == []
