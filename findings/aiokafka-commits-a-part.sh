#!/usr/bin/env bash
# aiokafka 0.14.0 with Apache Kafka 4.3.0 (one node, KRaft, Java 17), seen 2026-12-01.
#
# `async with producer.transaction()` commits when its block ends without an error, and all or nothing is what one takes a transaction for.
# A record that the broker refused (here: longer than its topic takes) is no error to aiokafka's block unless somebody awaits that record's own
# future, nor is it one to `flush()` or to `commit_transaction()`. What was sent beside it is committed, and a reader of committed records
# gets a part of the transaction. Of the next transactions each is committed without what goes to that partition, since it is
# refused from then on (see aiokafka-one-refused). The Java client's commit raises, and stores nothing.
#
# Seen: as asserted below; no exception and no line in the log. Await every future that `send` gave before the block ends (`send_and_wait`).
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
timeout 240 "$place/venv/bin/python" - "127.0.0.1:$port" <<'PY'
import asyncio
import logging
import logging.handlers
import sys

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError

AT = sys.argv[1]
SHORT, USUAL = TopicPartition("short", 0), TopicPartition("usual", 0)
told = logging.handlers.BufferingHandler(1000)


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


async def transaction(producer, one, other):
    """Sends a record to each topic in one transaction, as `send` allows; the errors of the two, asked for afterwards."""
    async with producer.transaction():
        waiting = [await producer.send(SHORT.topic, one), await producer.send(USUAL.topic, other)]
        await producer.flush()
    return [type(one.exception()).__name__ for one in waiting]


async def committed():
    consumer = AIOKafkaConsumer(bootstrap_servers=AT, isolation_level="read_committed", enable_auto_commit=False)
    await consumer.start()
    consumer.assign([SHORT, USUAL])
    await consumer.seek_to_beginning()
    ends, found = await consumer.end_offsets([SHORT, USUAL]), {"short": [], "usual": []}
    async with asyncio.timeout(60):
        while any([await consumer.position(part) < end for part, end in ends.items()]):
            for part, records in (await consumer.getmany(timeout_ms=500)).items():
                found[part.topic] += [record.value for record in records]
    await consumer.stop()
    return found


async def main():
    client = await admin()
    await client.create_topics([NewTopic("short", 1, 1, topic_configs={"max.message.bytes": "2000"}), NewTopic("usual", 1, 1)])
    producer = AIOKafkaProducer(bootstrap_servers=AT, transactional_id="finding")
    await producer.start()
    logging.getLogger().addHandler(told)
    errors = [await transaction(producer, b"x" * 3000, b"a first part"), await transaction(producer, b"good", b"a second part")]
    print([record.getMessage() for record in told.buffer])
    assert not told.buffer
    await producer.stop()
    await client.close()
    found = await committed()
    print(errors, found)
    assert errors == [["MessageSizeTooLargeError", "NoneType"], ["OutOfOrderSequenceNumber", "NoneType"]], errors
    assert found == {"short": [], "usual": [b"a first part", b"a second part"]}, found


asyncio.run(main())
PY
