"""docs/operate.md names every setting with its true default, and only settings and commands that exist."""

import re
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from services.__main__ import cli
from services.intake.handover import endpoints as handover
from services.kernel.process.settings import Settings
from services.kernel.web.protocol import Limits

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
LISTENING = {"KYCUONG_HOST"}  # an option of the commands that serve
FOR_TESTS = {"KYCUONG_FAILPOINT", "KYCUONG_REQUIRE_KAFKA", "KYCUONG_REQUIRE_CHROMIUM", "KYCUONG_REQUIRE_GO"}


def _table() -> dict[str, str]:
    return dict(re.findall(r"^\| `(KYCUONG_\w+)` \| (.+?) \| .+ \|$", PAGE, re.MULTILINE))


def test_every_setting_is_in_the_table_with_its_default() -> None:
    fields = {f"KYCUONG_{name.upper()}": field for name, field in Settings.model_fields.items() if name != "data"}
    table = _table()
    assert table.keys() == fields.keys() | LISTENING
    for variable, field in fields.items():
        if isinstance(field.default, str | int) and field.default != "":
            shown = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
            assert f"`{shown}`" in table[variable], variable


def test_no_other_variable_is_named() -> None:
    assert set(re.findall(r"KYCUONG_[A-Z_]+", PAGE)) == _table().keys() | FOR_TESTS | {"KYCUONG_DATA", "KYCUONG_TOKEN"}


def test_named_metrics_exist() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "services").rglob("*.py"))
    named = set(re.findall(r"`(kycuong(?:\.[a-z_]+){2})`", PAGE))
    assert len(named) >= 10
    assert {name for name in named if f'"{name}"' not in sources} == set()


@pytest.mark.parametrize("page", ["README.md", "docs/operate.md", "docs/verify.md"])
def test_named_commands_exist(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = re.findall(r"kycuong ((?:log |account )?[a-z]+) ", text)
    assert named
    for words in named:
        command = cli
        for word in words.split():
            found = command.get_command(None, word)  # type: ignore[arg-type, attr-defined]
            assert found is not None, f"kycuong {words} of {page}"
            command = found


def test_compose_starts_the_services_as_the_program_takes_them() -> None:
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
    serving = {
        name: entry["command"] for name, entry in compose["services"].items() if "serve" in entry.get("command", [])
    }
    assert sorted(serving) == ["audit", "intake", "reports"]
    caddy = (ROOT / "deploy" / "caddy" / "Caddyfile").read_text(encoding="utf-8")
    for name, command in serving.items():
        parsed = cli.commands["serve"].make_context("serve", command[1:])
        assert parsed.params["service"] == name
        assert f"reverse_proxy {name}:{parsed.params['port']}\n" in caddy
        probe = f"http://127.0.0.1:{parsed.params['port']}/{name}/readyz"
        assert probe in compose["services"][name]["healthcheck"]["test"][-1]
    (largest,) = re.findall(r"max_size (\d+)MB", caddy)
    assert int(largest) * 1_000_000 > handover.MAX_BYTES  # else the proxy refuses what a phone hands over
    environment = compose["x-service"]["environment"]
    assert not urlsplit(environment["KYCUONG_DATABASE_URL"]).username  # the administrator's is `migrate`'s alone
    migrate = compose["services"]["migrate"]["command"]
    users = dict(pair.split("=") for pair in migrate[migrate.index("--users") + 1].split(","))
    group = migrate[migrate.index("--group") + 1]
    assert {name: f"{uid}:{group}" for name, uid in users.items()} == {
        name: compose["services"][name]["user"] for name in serving
    }
    assert environment["KYCUONG_AUDIT_URL"] == "http://audit:8000/"
    assert environment["KYCUONG_INTAKE_URL"] == "http://intake:8000/"
    assert {name for name in environment if name.startswith("KYCUONG_")} <= _table().keys()
    proxy = compose["services"]["proxy"]["networks"]["default"]["ipv4_address"]
    assert environment["KYCUONG_PROXIES"] == proxy
    assert ip_address(proxy) in ip_network(compose["networks"]["default"]["ipam"]["config"][0]["subnet"])
    assert "KYCUONG_HOST=0.0.0.0" in (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")


def test_the_proxy_has_the_server_s_limits_and_none_of_time_on_bodies() -> None:
    caddy = (ROOT / "deploy" / "caddy" / "Caddyfile").read_text(encoding="utf-8")
    limits = Limits()
    assert re.findall(r"read_header (\d+)s", caddy) == [f"{limits.head_seconds:.0f}"]
    assert re.findall(r"max_header_size (\d+)KB", caddy) == [str(limits.head_bytes // 1024)]
    assert "read_body" not in caddy
    assert f"{limits.head_seconds:.0f} seconds and {limits.head_bytes // 1024} kB" in PAGE
    assert f"{limits.body_bytes // 1000} kB in {limits.body_seconds:.0f} seconds" in PAGE
    assert f"at most {limits.unfinished} requests" in PAGE
