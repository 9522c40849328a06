#!/usr/bin/env bash
# aiokafka 0.14.0 with Apache Kafka 4.3.0 (one node, KRaft, Java 17), seen 2026-12-01.
#
# What a topic's records are packed with is for the broker to say: `compression.type` of a topic, or of the whole cluster to save disk, is set by who
# keeps it, while programs run, and the Java client has them all. aiokafka brings gzip only; the others are of a package that
# its installation does not ask for (`aiokafka[lz4]`, `[zstd]`, `[snappy]`). A producer that packs nothing goes on without a word and has each record
# acknowledged; whoever reads gets an UnsupportedCodecError from the first of them on, at once and for ever, and none of the records behind it:
# - putting the setting back does not bring the reader past what is stored; only the package does, or seeking over it;
# - gzip, by the same setting, is read, so a trial with it shows nothing.
#
# Seen: as asserted below; with the extra's package the same records are read. Install it with every reader, or leave `compression.type` at `producer`.
set -euo pipefail
place=$(mktemp -d); broker=; trap 'test -z "$broker" || kill "$broker" || true; wait || true; rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install -q aiokafka==0.14.0
cat > "$place/pom.xml" <<'XML'
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>finding</groupId><artifactId>finding</artifactId><version>1</version><packaging>pom</packaging><dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>4.3.0</version></dependency>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>4.3.0</version></dependency>
</dependencies></project>
XML
mvn -q -B -f "$place/pom.xml" dependency:copy-dependencies -DoutputDirectory="$place/libs" -DincludeScope=runtime >/dev/null
read -r port control < <(python3 - <<'PY'
import socket

ends = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(end.getsockname()[1] for end in ends))
PY
)
cat > "$place/server.properties" <<EOF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$control
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$control
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$place/data
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
auto.create.topics.enable=false
EOF
id=$(python3 -c 'import base64, uuid; print(base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("="))')
java -cp "$place/libs/*" kafka.tools.StorageTool format -t "$id" -c "$place/server.properties" >/dev/null 2>&1
java -Xmx384m -XX:+UseSerialGC -cp "$place/libs/*" kafka.Kafka "$place/server.properties" >"$place/log" 2>&1 &
broker=$!
cat > "$place/seen.py" <<'PY'
import asyncio
import sys

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError, UnsupportedCodecError

AT, HAS = sys.argv[1:]
KINDS = ("producer", "gzip", "lz4", "zstd", "snappy")


async def admin():
    for _ in range(120):
        client = AIOKafkaAdminClient(bootstrap_servers=AT)
        try:
            await client.start()
        except KafkaConnectionError:
            await client.close()
            await asyncio.sleep(0.5)
        else:
            return client
    raise SystemExit("the broker does not answer")


async def read(topic):
    """What three reads of a topic bring, and where the reader stands after them."""
    part, found = TopicPartition(topic, 0), []
    consumer = AIOKafkaConsumer(bootstrap_servers=AT, enable_auto_commit=False)
    await consumer.start()
    consumer.assign([part])
    consumer.seek(part, 0)
    for _ in range(3):
        try:
            found += [record.value for record in (await consumer.getmany(timeout_ms=2000)).get(part, [])]
        except UnsupportedCodecError as error:
            found.append(str(error))
    at = await consumer.position(part)
    await consumer.stop()
    return found, at


async def main():
    if HAS == "nothing":
        client = await admin()
        await client.create_topics([NewTopic(kind, 1, 1, topic_configs={"compression.type": kind}) for kind in KINDS])
        await client.close()
        async with AIOKafkaProducer(bootstrap_servers=AT) as producer:
            for kind in KINDS:
                assert [(await producer.send_and_wait(kind, value)).offset for value in (b"one", b"two")] == [0, 1]
    for kind in KINDS:
        found, at = await read(kind)
        print(f"with {HAS}, {kind}: {found}, the reader is at {at}")
        if HAS != "nothing" or kind in ("producer", "gzip"):
            assert (found, at) == ([b"one", b"two"], 2)
        else:
            assert (found, at) == ([f"UnsupportedCodecError: Libraries for {kind} compression codec not found"] * 3, 0), found


asyncio.run(main())
PY
timeout 240 "$place/venv/bin/python" "$place/seen.py" "127.0.0.1:$port" nothing
"$place/venv/bin/pip" install -q cramjam==2.11.0
timeout 240 "$place/venv/bin/python" "$place/seen.py" "127.0.0.1:$port" cramjam
