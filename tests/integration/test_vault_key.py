"""The vault's key: made once where nothing was sealed, known again afterwards, never replaced."""

import asyncio
import base64
import os

import asyncpg
import pytest

from services.intake.channels.key import require_channel_key
from services.intake.vault.key import VaultKeyMissing, VaultKeyWrong, open_vault
from services.intake.vault.sealing import Vault
from services.kernel.identity.channels import Seal
from services.kernel.process.folder import Folder
from services.kernel.process.loops import StartRefused
from services.run import prepare
from tests.support.intake import running_intake

PART = ("01920000-0000-7000-8000-000000000001", "narrative")


@pytest.fixture
async def database(settings):
    connection = await asyncpg.connect(settings.dsn("intake_app"))
    yield connection
    await connection.close()


@pytest.fixture
async def sealed(settings, database):
    """A database of the program before the check value, with a part that the folder's key sealed."""
    part, _ = Vault(settings.folder.secret("vault_kek")).seal(*PART, "đi muộn".encode())
    owner = await asyncpg.connect(settings.dsn("intake_owner"))
    await owner.execute(
        "INSERT INTO intake.vault_part (event_id, grp, wrapped_key, sealed) VALUES ($1, $2, $3, $4)",
        *PART, part.wrapped_key, part.sealed,
    )  # fmt: skip
    await owner.close()
    return part


def another_key(folder):
    (folder.secrets_dir / "vault_kek").write_text(base64.urlsafe_b64encode(os.urandom(32)).decode())


async def test_a_new_installation_makes_its_key_and_knows_it_again(settings, database):
    assert not settings.folder.has_secret("vault_kek")
    part, _ = (await open_vault(database, settings.folder)).seal(*PART, b"words")
    assert (await open_vault(database, settings.folder)).open(part)[1] == b"words"


@pytest.mark.parametrize("start", ["intake", "migrate"])
async def test_a_start_without_the_key_is_refused_and_makes_none(settings, database, start):
    await open_vault(database, settings.folder)
    (settings.folder.secrets_dir / "vault_kek").unlink()
    with pytest.raises(StartRefused, match="vault_kek is missing"):
        await refused_by(start, settings)
    assert not settings.folder.has_secret("vault_kek")


@pytest.mark.parametrize("start", ["intake", "migrate"])
async def test_a_start_with_another_key_is_refused_also_before_anything_was_filed(settings, database, start):
    await open_vault(database, settings.folder)
    another_key(settings.folder)
    with pytest.raises(VaultKeyWrong):
        await refused_by(start, settings)


@pytest.mark.parametrize("start", ["intake", "migrate"])
async def test_a_start_without_the_key_of_channels_or_with_another_is_refused_while_some_stand(
    settings, database, start
):
    await open_vault(database, settings.folder)
    channel = "01920000-0000-7000-8000-000000000002"
    kept = Seal.of(settings.folder).close(channel, {"mail": "van-thu@example.vn"})
    await database.execute("INSERT INTO identity.account (account, created_at) VALUES ('van-thu', now())")
    await database.execute(
        "INSERT INTO identity.channel (id, kind, account, sealed, created_at) "
        "VALUES ($1, 'address', 'van-thu', $2, now())", channel, kept,
    )  # fmt: skip
    key = settings.folder.secrets_dir / "channel_key"
    right = key.read_text()
    key.unlink()
    with pytest.raises(StartRefused, match="channel_key is missing"):
        await refused_by(start, settings)
    assert not key.exists()
    key.write_text(base64.urlsafe_b64encode(os.urandom(32)).decode())
    with pytest.raises(StartRefused, match="channel_key is not the key"):
        await refused_by(start, settings)
    key.write_text(right)
    await require_channel_key(database, settings.folder)
    key.unlink()
    await database.execute("UPDATE identity.channel SET sealed = ''")
    await require_channel_key(database, settings.folder)


async def refused_by(start, settings):
    if start == "migrate":
        await prepare(settings)
    else:
        async with running_intake(settings):
            pytest.fail("it started")


async def test_an_older_database_is_asked_for_what_it_sealed(settings, database, sealed):
    (settings.folder.secrets_dir / "vault_kek").rename(settings.folder.path / "backup")
    with pytest.raises(VaultKeyMissing):
        await open_vault(database, settings.folder)
    another_key(settings.folder)
    with pytest.raises(VaultKeyWrong):
        await open_vault(database, settings.folder)
    (settings.folder.path / "backup").rename(settings.folder.secrets_dir / "vault_kek")
    vault = await open_vault(database, settings.folder)
    assert vault.open(sealed)[1] == "đi muộn".encode()


async def test_one_damaged_part_does_not_make_the_key_a_wrong_one(settings, database, sealed):
    owner = await asyncpg.connect(settings.dsn("intake_owner"))
    await owner.execute(
        "INSERT INTO intake.vault_part (event_id, grp, wrapped_key, sealed) SELECT event_id, 'persons', $1, $1 "
        "FROM intake.vault_part", bytes(60),
    )  # fmt: skip
    await owner.close()
    assert (await open_vault(database, settings.folder)).open(sealed)[1] == "đi muộn".encode()


async def test_a_damaged_key_file_refuses_the_start_in_words(settings, database):
    (settings.folder.secrets_dir / "vault_kek").write_text("")
    with pytest.raises(StartRefused, match="secrets/vault_kek"):
        async with running_intake(settings):
            pytest.fail("it started")


async def test_of_two_folders_that_start_at_once_on_a_new_database_one_is_refused(settings, tmp_path):
    folders = [settings.folder, Folder(tmp_path / "copy").prepare()]
    connections = [await asyncpg.connect(settings.dsn("intake_app")) for _ in folders]
    opened = await asyncio.gather(*map(open_vault, connections, folders), return_exceptions=True)
    for connection in connections:
        await connection.close()
    assert sorted(type(each).__name__ for each in opened) == ["Vault", "VaultKeyWrong"]
