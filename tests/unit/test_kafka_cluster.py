"""What counts as Kafka being away, and what is a mistake that must be seen."""

import pytest
from aiokafka.admin import NewTopic

from services.kernel.streams.kafka_cluster import Cluster, _create
from services.kernel.streams.port import StreamDown


async def test_a_mistake_of_ours_is_not_kafka_being_down(monkeypatch):
    async def mistaken(_):
        raise AttributeError("'NoneType' object has no attribute 'ours'")

    monkeypatch.setattr(Cluster, "_open", mistaken)
    with pytest.raises(AttributeError, match="ours"):
        await Cluster("127.0.0.1:1", "test").identity("topic")


async def test_brokers_that_are_away_are_the_stream_being_down():
    with pytest.raises(StreamDown):
        await Cluster("127.0.0.1:1", "test").identity("topic")


class WithoutController:
    """As aiokafka's admin client is while a controller is being elected."""

    controller = None

    async def create_topics(self, _):
        return self.controller.nodeId


async def test_brokers_without_a_controller_are_the_stream_being_down():
    with pytest.raises(StreamDown, match="no controller"):
        await _create(WithoutController(), NewTopic("topic", 1, 1))
