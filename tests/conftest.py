"""What every suite shares: a real PostgreSQL, a migrated database for each test."""

import gc
import importlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from argon2 import PasswordHasher
from hypothesis import settings as made_up
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from services.intake.people import accounts
from services.kernel.process.settings import Settings
from tests.support import memory
from tests.support.kafka import kafka, kafka_process  # noqa: F401 - fixtures
from tests.support.postgres import Cluster, running_cluster
from tests.support.telemetry import heard, providers  # noqa: F401 - fixtures

os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory.place()))
# the same examples in every run and on every machine, however slow it is: a failure is the change's, not the day's
made_up.register_profile("same", derandomize=True, database=None, deadline=None)
made_up.load_profile("same")


_LONGEST = ("test_demo.py", "test_schemathesis.py")
_UNTIL = {"faults": 0.6, "contract": 0.6, "e2e": 0.9}
"""How far into the run the last file of a folder begins: at the end come those that take seconds."""


class _ByFile(LoadFileScheduling):
    """A file's tests stay in one process, and those of Kafka in one, so that one broker does for a run."""

    def _split_scope(self, nodeid: str) -> str:
        return "kafka" if "kafka" in nodeid else super()._split_scope(nodeid)


def pytest_sessionstart(session: pytest.Session) -> None:
    """In a fresh clone rewriting the assertions takes longer than all else before the first test: share it out.

    Each of the run's processes reads the files from another one on, and finds what others have rewritten meanwhile.
    """
    told = getattr(session.config, "workerinput", None)
    if told and session.config.args == session.config.getini("testpaths"):
        here = Path(__file__).parent
        files = sorted(here.glob("*/test_*.py"))
        first = len(files) * int(told["workerid"].removeprefix("gw")) // told["workercount"]
        for file in files[first:] + files[:first]:
            importlib.import_module(".".join(("tests", *file.relative_to(here).with_suffix("").parts)))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the end of each file's story after the rest of it, also where the order is drawn by lot.

    Of several processes none waits while another could compute: each folder's files are dealt over the whole run.
    """
    for end in [item for item in items if item.get_closest_marker("story_end")]:
        items.remove(end)
        place = max((n for n, item in enumerate(items, 1) if item.path == end.path), default=len(items))
        items.insert(place, end)
    if hasattr(config, "workerinput"):
        turns = _turns(list(dict.fromkeys(item.path for item in items)))
        items.sort(key=lambda item: 0.0 if "kafka" in item.nodeid else turns[item.path])


def _turns(files: list[Path]) -> dict[Path, float]:
    """When each file's turn is, from 0 to 1: the longest first of all, what mostly waits beside what computes."""
    folders: dict[str, list[Path]] = {}
    for file in files:
        folders.setdefault(file.parent.name, []).append(file)
    turns = {
        file: _UNTIL.get(folder, 1.0) * (n + 1) / len(within)
        for folder, within in folders.items()
        for n, file in enumerate(within)
    }
    return turns | {file: 0.0 for file in files if file.name in _LONGEST}


def pytest_collection_finish() -> None:
    """Let what was collected, which lives to the end, out of every later round of the garbage collector."""
    gc.collect()
    gc.freeze()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling | None:
    return _ByFile(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(scope="session", autouse=True)
def state_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What the verifier remembers stays in the run's own folder, for the programs that tests start too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session", autouse=True)
def light_passwords() -> Iterator[None]:
    """Accounts that tests make keep a hash that is quickly checked; a sign-in reads from it how: 0.15 s a person."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The run's PostgreSQL server."""
    with running_cluster() as cluster:
        yield cluster


@pytest_asyncio.fixture
async def settings(cluster: Cluster, tmp_path: Path) -> AsyncIterator[Settings]:
    """Settings of a fresh, migrated database and data folder."""
    async with cluster.database(tmp_path / "data") as settings:
        yield settings


@pytest.fixture
def open_tmp() -> Iterator[Path]:
    """A short folder that the embedded server's user may walk to (pytest's own is closed to it)."""
    path = Path(tempfile.mkdtemp(prefix="kc-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path, ignore_errors=True)
