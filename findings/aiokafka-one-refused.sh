#!/usr/bin/env bash
# aiokafka 0.14.0 with Apache Kafka 4.3.0 (one node, KRaft, Java 17), seen 2026-12-01.
#
# One record that the broker may not take costs an idempotent producer the partition. Two ordinary ones: a record longer than the topic's
# `max.message.bytes`, and one whose time is more than an hour ahead of the broker's clock (Kafka's limit since 4.0; a device whose clock
# is wrong is enough where its time is given as the record's). The error names the fault for that record, and
# - for its neighbours too: good records that were sent in the same batch get the same error and are not stored;
# - then every later record to that partition, good or not, is refused with OutOfOrderSequenceNumber, as long as the producer lives: it has
#   counted on as if the refused batch had been stored. Other partitions go on, so the service looks well. The Java client counts anew.
# Without idempotence only the batch is lost.
#
# Seen: as asserted below. After any error of a send end the producer and make another, and send again what was not acknowledged; ask for
# lengths and times before sending.
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
auto.create.topics.enable=false
EOF
id=$(python3 -c 'import base64, uuid; print(base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("="))')
java -cp "$place/libs/*" kafka.tools.StorageTool format -t "$id" -c "$place/server.properties" >/dev/null 2>&1
java -Xmx384m -XX:+UseSerialGC -cp "$place/libs/*" kafka.Kafka "$place/server.properties" >"$place/log" 2>&1 &
broker=$!
timeout 240 "$place/venv/bin/python" - "127.0.0.1:$port" <<'PY'
import asyncio
import sys
import time

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError

AT = sys.argv[1]
LONG = "MessageSizeTooLargeError"
AHEAD = "InvalidTimestampError"


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


async def said(sent):
    """The record's offset, or the error's name."""
    try:
        return (await sent).offset
    except Exception as error:
        return type(error).__name__


async def sent(topic, refused, idempotent):
    """What becomes of a record, of three in one batch of which the second is refused, of two more, and of one to another partition."""
    producer = AIOKafkaProducer(bootstrap_servers=AT, enable_idempotence=idempotent, linger_ms=300)
    await producer.start()
    answers = [await said(await producer.send(topic, b"first", partition=0))]
    ahead = int(time.time() * 1000) + 2 * 3600 * 1000
    middle = {"value": b"x" * 3000} if refused == LONG else {"value": b"ahead", "timestamp_ms": ahead}
    batch = [await producer.send(topic, partition=0, **one) for one in ({"value": b"good"}, middle, {"value": b"good"})]
    answers += [await said(one) for one in batch]
    answers += [await said(await producer.send(topic, b"later", partition=part)) for part in (0, 0, 1)]
    await producer.stop()
    print(topic, answers)
    return answers


async def main():
    client = await admin()
    for refused in (LONG, AHEAD):
        for idempotent in (True, False):
            topic = f"{refused}-{idempotent}"
            await client.create_topics([NewTopic(topic, 2, 1, topic_configs={"max.message.bytes": "2000"})])
            later = ["OutOfOrderSequenceNumber"] * 2 if idempotent else [1, 2]
            assert await sent(topic, refused, idempotent) == [0, *[refused] * 3, *later, 0]
    await client.close()


asyncio.run(main())
PY
