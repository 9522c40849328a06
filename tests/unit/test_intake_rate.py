"""The token bucket of an account."""

import pytest

from services.intake.writing.rate import FLOOR, RateLimit
from services.kernel.problems import TooFast


class Time:
    now = 0.0

    def __call__(self):
        return self.now


def test_a_burst_of_twice_the_rate_then_the_rate():
    time = Time()
    limit = RateLimit(500, time)
    for _ in range(1000):
        limit.take("a")
    with pytest.raises(TooFast) as refused:
        limit.take("a")
    assert refused.value.headers["Retry-After"] == "1"
    limit.take("b")
    time.now = 0.5
    for _ in range(250):
        limit.take("a")
    with pytest.raises(TooFast):
        limit.take("a")


def test_never_below_the_contract_s_floor():
    limit = RateLimit(1, Time())
    for _ in range(2 * FLOOR):
        limit.take("a")
