"""Who waits how long at the sign-in: counters that forget, a short queue, and the cookie of a known phone."""

import asyncio

import pytest
from argon2 import extract_parameters
from argon2.exceptions import VerifyMismatchError

from services.intake.people.known_devices import LIFE, KnownDevices
from services.intake.people.local_sign_in import HASHER, _nobodys_hash
from services.intake.people.patience import PACES, Patience
from services.intake.people.turns import Turns
from services.kernel.problems import TooFast


class Time:
    now = 1_000.0

    def __call__(self):
        return self.now


PAIR = [("pair", "203.0.113.9 an")]


def test_the_first_failures_are_free_and_each_further_one_doubles_the_wait():
    time = Time()
    patience = Patience(time)
    waits = []
    for _ in range(15):
        patience.count(PAIR)
        waits.append(patience.wait(PAIR))
        time.now += waits[-1]
        assert patience.wait(PAIR) == 0
    assert waits == [0, 0, 0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_failures_are_forgotten_after_an_hour_and_by_success():
    time = Time()
    patience = Patience(time)
    for _ in range(10):
        patience.count(PAIR)
    assert patience.failures(PAIR) == 10
    time.now += 3_600
    assert patience.failures(PAIR) == 0 == patience.wait(PAIR)
    patience.count(PAIR)
    assert patience.failures(PAIR) == 1
    patience.forgive(PAIR)
    assert patience.failures(PAIR) == 0


@pytest.mark.parametrize("kind", PACES)
def test_what_is_counted_is_bounded_and_the_oldest_goes_first(kind):
    patience = Patience(Time())
    for n in range(10_500):
        patience.count([(kind, str(n))])
    assert len(patience._failed[kind]) == 10_000
    assert patience.failures([(kind, "0")]) == 0 and patience.failures([(kind, "10499")]) == 1
    for _ in range(2_000):
        patience.count([(kind, "10499")])
    assert patience.wait([(kind, "10499")]) == PACES[kind].longest


async def crowd(turns, rank, entered):
    try:
        async with turns.take(rank):
            entered.append(rank)
            await asyncio.sleep(0)
    except TooFast as refusal:
        entered.append(refusal)


async def test_the_queue_is_short_and_says_when_to_come_again():
    turns, entered = Turns(1, 3), []
    await asyncio.gather(*(crowd(turns, 1, entered) for _ in range(10)))
    refused = [one for one in entered if isinstance(one, TooFast)]
    assert entered.count(1) == 4 and len(refused) == 6
    assert refused[0].headers == {"Retry-After": "5"} and "Hãy thử lại sau 5 giây" in refused[0].detail[0]


async def test_the_trustworthy_go_first_and_take_the_place_of_others():
    turns, entered = Turns(1, 3), []
    tries = [crowd(turns, rank, entered) for rank in (9, 9, 8, 7, 0, 1)]
    await asyncio.gather(*tries)
    assert [one for one in entered if not isinstance(one, TooFast)] == [9, 0, 1, 7]


async def test_whoever_goes_away_leaves_no_place_taken():
    turns, entered = Turns(1, 3), []
    async with turns.take(0):
        gone = asyncio.create_task(crowd(turns, 0, entered))
        stays = asyncio.create_task(crowd(turns, 1, entered))
        await asyncio.sleep(0)
        gone.cancel()
    await stays
    async with turns.take(0):
        about = asyncio.create_task(crowd(turns, 0, entered))
        await asyncio.sleep(0)
    about.cancel()  # it was given the turn, and has not taken it yet
    await asyncio.gather(about, return_exceptions=True)
    async with asyncio.timeout(60), turns.take(5):
        assert entered == [1]


def test_a_device_is_known_for_the_accounts_that_signed_in_on_it():
    devices = KnownDevices(b"k" * 32)
    cookie = devices.remember("", "an")
    assert devices.device(cookie, "an") and devices.device(cookie, "binh") is None
    both = devices.remember(cookie, "binh")
    assert devices.device(both, "an") == devices.device(both, "binh") == devices.device(cookie, "an")
    assert "an" not in both and "binh" not in both
    for n in range(5):
        both = devices.remember(both, f"khac-{n}")
    assert devices.device(both, "an") is None and devices.device(both, "khac-0")
    assert len(both) < 200


def test_a_device_s_cookie_ends_and_cannot_be_made_up():
    today = 20_000
    devices = KnownDevices(b"k" * 32, lambda: today)
    cookie = devices.remember("", "an")
    name, tag = cookie.split(".")
    today += LIFE
    assert devices.device(cookie, "an")
    today += 1
    assert devices.device(cookie, "an") is None
    assert devices.device(devices.remember(cookie, "an"), "an")
    today = 20_000
    other = KnownDevices(b"o" * 32, lambda: today)
    stranger = devices.remember("", "an").split(".")[0]
    for forged in (
        other.remember("", "an"), f"{stranger}.{tag}", name, f"{cookie}.", cookie[:-1], cookie + "." + "A" * 243,
        "x" * 9_000,
        f"{name}.{'A' * 27}", cookie.replace(".", ";"), "ế" * 22 + "." + tag,
    ):  # fmt: skip
        assert devices.device(forged, "an") is None
        assert devices.device(devices.remember(forged, "an"), "an")


def test_an_unknown_account_takes_as_long_to_check_as_a_known_one():
    nobodys = _nobodys_hash()
    assert extract_parameters(nobodys) == extract_parameters(HASHER.hash("mat-khau-dai"))
    with pytest.raises(VerifyMismatchError):  # worked out and found another, not refused unread
        HASHER.verify(nobodys, "mat-khau-dai")
