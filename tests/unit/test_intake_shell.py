"""What the phone keeps of the form, the version that names it, and how static files travel."""

import gzip
import threading
from collections.abc import Callable
from pathlib import Path

import brotli
import httpx
import pytest
from fastapi import FastAPI

from services.intake.faces import shell
from services.kernel.web import pages
from services.kernel.web.bundling import whole
from services.kernel.web.packing import packed, served
from services.kernel.web.pages import KERNEL, mount_assets


def test_the_phone_keeps_the_form_whole_and_nothing_else() -> None:
    kept = shell.kept()
    assert {
        "/intake/static/form/form.js",
        "/intake/assets/kycuong.css",
        "/intake/static/form/form.css",
        "/intake/assets/api.js",
    } <= kept.keys()
    assert not [address for address in kept if "desk" in address or "login" in address or "/v1/" in address]


def test_any_changed_file_is_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {shell.script.__wrapped__()}
    kept = shell.kept()
    for address in kept:
        changed = kept | {address: kept[address] + b"\n"}
        monkeypatch.setattr(shell, "kept", lambda changed=changed: changed)
        versions.add(shell.script.__wrapped__())
    heads = {text.partition("\n")[0] for text in versions}
    assert len(heads) == len(kept) + 1


@pytest.fixture
async def client(tmp_path: Path) -> httpx.AsyncClient:
    app = FastAPI()
    (tmp_path / "a.js").write_text("".join(f"export const a{n} = 1;\n" for n in range(100)))
    mount_assets(app, "/x", tmp_path)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t")


@pytest.mark.parametrize(("coding", "unpack"), [("gzip", gzip.decompress), ("br", brotli.decompress)])
async def test_scripts_are_packed_for_whom_takes_it_and_checked_each_time(
    client: httpx.AsyncClient, coding: str, unpack: Callable[[bytes], bytes]
) -> None:
    async with client, client.stream("GET", "/x/static/a.js", headers={"accept-encoding": coding}) as packed:
        body = b"".join([part async for part in packed.aiter_raw()])
        plain = await client.get("/x/static/a.js", headers={"accept-encoding": "identity"})
        again = await client.get(
            "/x/static/a.js", headers={"accept-encoding": coding, "if-none-match": packed.headers["etag"]}
        )
    assert unpack(body) == plain.content
    assert packed.headers["content-encoding"] == coding
    assert "content-encoding" not in plain.headers
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.headers["vary"] == plain.headers["vary"] == again.headers["vary"] == "Accept-Encoding"
    assert packed.headers["content-type"].startswith("text/javascript")
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "no-cache"


async def test_a_script_travels_without_what_was_written_for_people_and_means_the_same(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    (tmp_path / "a.js").write_text(
        "// What it does.\n\n/**\n * Adds.\n * @param {number} amount\n */\nexport const f = (amount) => {\n"
        '  // why\n  return `${amount}  // "kept" ${`  ${amount}`}\n    second line`; // why not\n};\n'
        'export const url = "http://a // b"; // a "quoted" one\nexport const slash = /a\\/\\/ [/*] b/u; /* gone */\n'
    )
    (tmp_path / "a.css").write_text('/* why */\n.a::before {\n  content: "/* kept */  ";\n}\n')
    async with client:
        script, style = await client.get("/x/static/a.js"), await client.get("/x/static/a.css")
    assert script.text == (
        'export const f=e=>`${e}  // "kept" ${`  ${e}`}\n    second line`;'
        'export const url="http://a // b";export const slash=/a\\/\\/ [/*] b/u'
    )
    assert style.text == '.a::before{content:"/* kept */  "}'


def test_every_script_of_ours_is_made_smaller() -> None:
    scripts = [*KERNEL.parents[1].glob("**/static/**/*.js")]
    assert len(scripts) > 40
    assert [path.name for path in scripts if len(served(path, 0)) >= 0.95 * len(whole(path))] == []


async def test_a_page_waits_for_no_script_that_is_being_made_small(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    monkeypatch.setattr(pages, "served", lambda path, changed: threads.append(threading.current_thread().name) or b"")
    async with client:
        await client.get("/x/static/a.js")
    assert threads and threading.main_thread().name not in threads


def test_what_would_not_shrink_travels_as_it_is() -> None:
    assert packed(b"{}", "br, gzip") == (b"{}", {"Vary": "Accept-Encoding"})
    assert packed(b"a" * 100, "gzip;q=0.9, br")[1]["Content-Encoding"] == "br"
    assert packed(b"a" * 100, "br;q=0, gzip")[1]["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in packed(b"a" * 100, "zstd")[1]


async def test_a_changed_script_is_served_anew(client: httpx.AsyncClient, tmp_path: Path) -> None:
    async with client:
        before = await client.get("/x/static/a.js")
        (tmp_path / "a.js").write_text("export const a = 2;\n")
        after = await client.get("/x/static/a.js", headers={"if-none-match": before.headers["etag"]})
    assert (after.status_code, after.text) == (200, "export const a=2")
