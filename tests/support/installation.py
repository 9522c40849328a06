"""Running installations for tests that do not ask how one starts: on cloned databases of the run's own server."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.kernel.store.postgres import DATABASE
from tests.support import memory
from tests.support.instance import Instance, running
from tests.support.loops import apart
from tests.support.postgres import Cluster


@dataclass(frozen=True, slots=True)
class Model:
    """A stopped installation to copy: its database, and its folder unless it has none yet."""

    database: str = DATABASE
    data: Path | None = None


@contextmanager
def prepared(cluster: Cluster, model: Model = Model(), **env: str) -> Iterator[Instance]:
    """A copy of a model that was not started yet, gone afterwards."""
    with _copy(cluster, model) as (data, database):
        instance = Instance(data, env={"KYCUONG_DATABASE_URL": cluster.url_of(database), **env}, warm=True)
        try:
            yield instance
        finally:
            instance.cleanup()


@contextmanager
def installed(cluster: Cluster, model: Model = Model(), **env: str) -> Iterator[Instance]:
    """The same, started."""
    with prepared(cluster, model, **env) as instance:
        instance.start()
        yield instance


@contextmanager
def modelled(cluster: Cluster, furnish: Callable[[Instance], None]) -> Iterator[Model]:
    """A model made once: an installation that was started, furnished and stopped."""
    with _copy(cluster, Model()) as (data, database):
        with running(data, warm=True, KYCUONG_DATABASE_URL=cluster.url_of(database)) as instance:
            furnish(instance)
            instance.stop()
        yield Model(database, data)


@contextmanager
def _copy(cluster: Cluster, model: Model) -> Iterator[tuple[Path, str]]:
    """A folder and a database as the model's, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="kc-", dir=memory.place()) as room:
        data = Path(room) / "data"
        if model.data is not None:
            shutil.copytree(model.data, data)
        cluster.admit(data)
        database = apart(cluster.create(model.database))
        try:
            yield data, database
        finally:
            apart(cluster.drop(database))
