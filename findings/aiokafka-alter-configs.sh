#!/usr/bin/env bash
# aiokafka 0.14.0 with Apache Kafka 4.3.0 (one node, KRaft, Java 17), seen 2026-11-30.
#
# `alter_configs` is said to alter parameters of a topic. It sets all of them: whatever it is not told goes back to the broker's
# default, at once and with the answer "no error". A topic that is kept for ever and by key, of which one only raises the
# largest message, is from then on deleted after seven days. (Kafka has another request, since 2.3, that alters what it
# names; this client does not speak it.) It does not raise either: a value that the broker refuses is a number in the answer.
#
# Seen: retention.ms -1 and cleanup.policy compact before; 604800000 and delete after max.message.bytes alone was set to 2000000;
# kept when all three were named. Read the topic's own settings first and name all of them, and look at the codes.
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
auto.create.topics.enable=false
EOF
id=$(python3 -c 'import base64, uuid; print(base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("="))')
java -cp "$place/libs/*" kafka.tools.StorageTool format -t "$id" -c "$place/server.properties" >/dev/null 2>&1
java -Xmx384m -XX:+UseSerialGC -cp "$place/libs/*" kafka.Kafka "$place/server.properties" >"$place/log" 2>&1 &
broker=$!
timeout 240 "$place/venv/bin/python" - "127.0.0.1:$port" <<'PY'
import asyncio
import sys

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import InvalidConfigurationError, KafkaConnectionError, for_code

KEPT = {"retention.ms": "-1", "cleanup.policy": "compact"}
LARGER = {"max.message.bytes": "2000000"}
DEFAULTS = {"retention.ms": "604800000", "cleanup.policy": "delete"}


async def admin():
    for _ in range(240):
        client = AIOKafkaAdminClient(bootstrap_servers=sys.argv[1])
        try:
            await client.start()
        except KafkaConnectionError:
            await client.close()
            await asyncio.sleep(0.5)
        else:
            return client
    raise SystemExit("the broker does not answer")


def topic(configs=None):
    return [ConfigResource(ConfigResourceType.TOPIC, "entries", configs=configs)]


async def made(client):
    for _ in range(120):
        answer = await client.create_topics([NewTopic("entries", 1, 1, topic_configs=KEPT)])
        if answer.topic_errors[0][1] == 0:
            return
        await asyncio.sleep(0.5)
    raise SystemExit("the topic cannot be made")


async def until(client, wanted):
    """What the topic is kept by, once that is as wanted, or after half a minute."""
    for _ in range(60):
        answer = await client.describe_configs(topic())
        settings = {row[0]: row[1] for row in answer[0].resources[0][4]}
        found = {name: settings[name] for name in wanted}
        if found == wanted:
            break
        await asyncio.sleep(0.5)
    return found


async def altered(client, configs):
    answer = await client.alter_configs(topic(configs))
    return answer[0].resources[0][0]


async def main():
    client = await admin()
    try:
        await made(client)
        assert await until(client, KEPT) == KEPT
        code = await altered(client, LARGER)
        found = await until(client, LARGER | DEFAULTS)
        print("one setting altered:", found, "code", code)
        assert code == 0 and found == LARGER | DEFAULTS
        await altered(client, KEPT | LARGER)
        found = await until(client, KEPT | LARGER)
        print("all of them named:", found)
        assert found == KEPT | LARGER
        code = await altered(client, KEPT | {"max.message.bytes": "many"})
        print("a value that is none:", for_code(code).__name__, "in the answer")
        assert for_code(code) is InvalidConfigurationError
    finally:
        await client.close()


asyncio.run(main())
PY
