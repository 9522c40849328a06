"""Readiness has one shape."""

import json

import pytest

from services.kernel.health import readiness


@pytest.mark.parametrize(("reasons", "status"), [([], 200), (["the disk is full"], 503)])
def test_ready_or_why_not_and_what_else_a_service_tells(reasons, status):
    answer = readiness(reasons, size=4)
    assert answer.status_code == status
    assert json.loads(answer.body) == {"ready": not reasons, "reasons": reasons, "size": 4}
