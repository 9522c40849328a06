"""A real Apache Kafka on this machine, without a container: jars by Maven, one node, `make kafka` or the test suite.

python deploy/kafka/broker.py [--port 9092] [--data .cache/kafka/data]
"""

import argparse
import base64
import contextlib
import fcntl
import os
import shutil
import signal
import socket
import string
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache" / "kafka"
_START_PATIENCE = 60.0  # seconds


class KafkaUnavailable(RuntimeError):
    """Apache Kafka cannot be had here; the message says what is missing."""


class BrokerFailed(RuntimeError):
    """The broker did not start; the message ends with its log."""


def libraries(cache: Path | None = None) -> Path:
    """The folder with Kafka's jars, fetched once (`KYCUONG_KAFKA_LIBS` names one that is there already)."""
    if given := os.environ.get("KYCUONG_KAFKA_LIBS"):
        return Path(given)
    room = cache or CACHE
    room.mkdir(parents=True, exist_ok=True)
    with _locked(room / "libs.lock"):
        if not (room / "libs").is_dir():
            _fetch(room)
    return room / "libs"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _fetch(room: Path) -> None:
    _needs("mvn", "apt install maven")
    part = room / "libs.part"
    shutil.rmtree(part, ignore_errors=True)
    command = [
        "mvn", "-q", "-B", "-f", HERE / "pom.xml", "dependency:copy-dependencies",
        f"-DoutputDirectory={part}", "-DincludeScope=runtime",
    ]  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise KafkaUnavailable("Maven could not fetch Kafka: " + result.stdout[-2000:] + result.stderr[-2000:])
    part.rename(room / "libs")  # a run killed before leaves only the part, which the next one removes


def _needs(program: str, remedy: str) -> None:
    if shutil.which(program) is None:
        raise KafkaUnavailable(f"`{program}` is not installed: {remedy}")


def free_port() -> int:
    """A TCP port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def new_id() -> str:
    """An id of a cluster, or of a folder, as Kafka writes them."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


class Broker:
    """One node with its data in a folder."""

    def __init__(self, room: Path, port: int, controller_port: int, libs: Path) -> None:
        _needs("java", "apt install openjdk-17-jre-headless")
        self._room, self._port, self._controller_port, self._libs = room, port, controller_port, libs
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """What `KYCUONG_KAFKA` takes."""
        return f"127.0.0.1:{self._port}"

    @property
    def data(self) -> Path:
        """The folder with what it stores."""
        return self._room / "data"

    @property
    def _journal(self) -> Path:
        return self._room / "broker.log"

    @property
    def _classpath(self) -> str:
        return f"{self._libs}/*"

    def start(self) -> None:
        """Format the folder when it is new, start the node and wait until its port is open."""
        properties = self.format()
        command = ["java", "-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        with self._journal.open("ab") as sink:
            self._process = subprocess.Popen(
                [*command, "-cp", self._classpath, "kafka.Kafka", properties],
                stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, start_new_session=True,
            )  # fmt: skip
        self._until_open()

    def format(self) -> Path:
        """Make the folder that of a new cluster unless it is one's; the node's settings."""
        self._room.mkdir(parents=True, exist_ok=True)
        properties = self._write_properties()
        if not (self.data / "meta.properties").exists():
            self._format(properties)
        return properties

    def _write_properties(self) -> Path:
        template = string.Template((HERE / "server.properties").read_text(encoding="utf-8"))
        path = self._room / "server.properties"
        path.write_text(
            template.substitute(port=self._port, controller_port=self._controller_port, data=self.data),
            encoding="utf-8",
        )
        return path

    def _format(self, properties: Path) -> None:
        command = ["java", "-XX:TieredStopAtLevel=1", "-cp", self._classpath, "kafka.tools.StorageTool"]
        # `=`, because an id may begin with a dash
        result = subprocess.run(
            [*command, "format", f"--cluster-id={new_id()}", "-c", properties],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if result.returncode != 0:
            raise BrokerFailed(result.stdout + result.stderr)

    def _until_open(self) -> None:
        deadline = time.monotonic() + _START_PATIENCE
        while time.monotonic() < deadline and self.running:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=1):
                return
            time.sleep(0.05)
        self.kill()
        raise BrokerFailed(self._journal.read_text(errors="replace")[-4000:])

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    def wait(self) -> None:
        """Wait for the process to end by itself."""
        if self._process is not None:
            self._process.wait()

    def stop(self) -> None:
        """End it in order, or after ten seconds by force."""
        if self._process is not None and self.running:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
        self.kill()

    def kill(self) -> None:
        """End it as a power cut would: no flush, no goodbye."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def wipe(self) -> None:
        """Lose everything it stored; the next start makes a new cluster."""
        self.kill()
        shutil.rmtree(self.data, ignore_errors=True)


def main() -> None:
    """Run a broker until Ctrl-C."""
    parser = argparse.ArgumentParser(description="Apache Kafka, one node, for development")
    parser.add_argument("--port", type=int, default=9092)
    parser.add_argument("--data", type=Path, default=CACHE / "data")
    arguments = parser.parse_args()
    try:
        broker = Broker(arguments.data, arguments.port, free_port(), libraries())
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        broker.start()
    except (KafkaUnavailable, BrokerFailed) as error:
        sys.exit(str(error))
    try:
        sys.stdout.write(f"Kafka is ready: KYCUONG_KAFKA={broker.address}\n")
        sys.stdout.flush()
        broker.wait()
    except KeyboardInterrupt:
        pass
    finally:
        broker.stop()
