"""Trust policies: the specification's own example, what is enough, and every line that must be refused."""

import itertools
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.log.cosignature import COSIGNATURE, Cosigner
from services.kernel.log.note import Signer, vkey_text
from services.kernel.log.witness_policy import BadPolicy, Policy

EXAMPLE = """
# two organisations
\tlog {log} https://log.example/
witness X1 {w0}
witness X2 {w1} https://x2.example/
witness X3 {w2}
group X-witnesses 2 X1 X2 X3

witness\tY1  {w3}\t
witness Y2 {w4}
witness Y3 {w5}
group Y-witnesses any Y1 Y2 Y3

  group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def key(n: int, name: str | None = None) -> str:
    """The verifier key of witness number n."""
    public = Signer("w", bytes([n]) * 32).verifier.public
    return vkey_text(name or f"w.example/{n}", bytes([COSIGNATURE]) + public)


LOG = Signer("log.example/x", bytes(32)).vkey
KEYS = {"log": LOG} | {f"w{n}": key(n) for n in range(6)}


def cosigned(*numbers: int) -> list[Cosigner]:
    return [Cosigner.parse(key(n)) for n in numbers]


def test_the_specifications_example_reads_as_it_says() -> None:
    policy = Policy.parse(EXAMPLE.format(**KEYS))
    assert [(verifier.vkey, url) for verifier, url in policy.logs] == [(LOG, "https://log.example/")]
    assert [witness.name for witness in policy.witnesses] == ["X1", "X2", "X3", "Y1", "Y2", "Y3"]
    assert [witness.url for witness in policy.witnesses if witness.url] == ["https://x2.example/"]
    assert policy.cosigners == cosigned(*range(6))


@pytest.mark.parametrize("count", range(7))
def test_enough_is_two_of_one_organisation_and_any_of_the_other(count: int) -> None:
    policy = Policy.parse(EXAMPLE.format(**KEYS))
    for some in itertools.combinations(range(6), count):
        enough = sum(n < 3 for n in some) >= 2 and any(n >= 3 for n in some)
        assert policy.quorum_met(cosigned(*some)) == enough, some


def test_a_stranger_counts_for_nobody() -> None:
    policy = Policy.parse(f"witness a {key(0)}\nquorum a\n")
    assert policy.quorum_met(cosigned(0))
    assert not policy.quorum_met(cosigned(1))
    assert not policy.quorum_met([Cosigner.parse(key(0, "w.example/another-name"))])


def test_none_needs_nobody_though_witnesses_stand_there() -> None:
    assert Policy.parse("quorum none").quorum_met([])
    assert Policy.parse(f"witness a {key(0)}\nquorum none\n").quorum_met([])
    assert Policy().quorum_met([])


def test_names_are_octets_and_need_no_order_among_witnesses_and_logs() -> None:
    kelvin = f"witness K {key(0)}\nwitness \u212a {key(1)}\nlog {LOG}\ngroup ủy-ban 2 K \u212a\nquorum ủy-ban"
    assert Policy.parse(kelvin).quorum_met(cosigned(0, 1))
    assert not Policy.parse(kelvin).quorum_met(cosigned(0))


def test_a_name_may_hold_what_unicode_calls_a_space() -> None:
    assert Policy.parse(f"witness a\u00a0b\u2028c {key(0)}\nquorum a\u00a0b\u2028c\n").quorum_met(cosigned(0))


A, B = f"witness a {key(0)}\n", f"witness b {key(1)}\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{A}witness a {key(1)}\nquorum a\n", 2),  # the name twice
        (f"{A}witness b {key(0)}\nquorum a\n", 2),  # the key twice
        (f"{A}witness b {key(0, 'w.example/other')}\nquorum a\n", 2),  # the same key under another name
        (f"log {LOG}\nlog {Signer('log.example/y', bytes(32)).vkey}\nquorum none\n", 2),
        (f"{A}group a all a\nquorum a\n", 2),  # one namespace
        (f"{A}group none all a\nquorum none\n", 2),
        (f"witness none {key(0)}\nquorum none\n", 1),
        (f"{A}group g all a none\nquorum g\n", 2),
        (f"{A}group g all a g\nquorum g\n", 2),
        (f"{A}group g all a b\n{B}quorum g\n", 2),  # not yet defined
        (f"{A}{B}group g 1 a a\nquorum g\n", 3),  # a member twice
        (f"{A}{B}group g any a b\ngroup h all g a\nquorum h\n", 4),
        (f"{A}group g 0 a\nquorum g\n", 2),
        (f"{A}group g 2 a\nquorum g\n", 2),
        (f"{A}group g 01 a\nquorum g\n", 2),
        (f"{A}group g +1 a\nquorum g\n", 2),
        (f"{A}group g \u0661 a\nquorum g\n", 2),  # an Arabic one
        (f"{A}group g most a\nquorum g\n", 2),
        (f"{A}group g all\nquorum g\n", 2),
        (f"quorum a\n{A}", 1),
        (f"{A}quorum a\nquorum a\n", 3),
        (f"{A}quorum a none\n", 2),
        ("quorum\n", 1),
        (f"witness a {LOG}\nquorum a\n", 1),  # a log's key is no witness's
        (f"log {key(0)}\nquorum none\n", 1),
        (f"{A.rstrip()} https://w.example/ more\nquorum a\n", 1),
        (f"witness a {key(0)[:-2]}\nquorum a\n", 1),
        (f"Witness a {key(0)}\nquorum none\n", 1),
        (f"{A}quorum a # enough\n", 2),  # a comment is a line of its own
    ],
)
def test_what_is_no_policy_is_refused_by_its_line(text: str, line: int) -> None:
    with pytest.raises(BadPolicy, match=f"^dòng {line} / line {line}: "):
        Policy.parse(text)


@pytest.mark.parametrize("text", ["", "# nothing\n", A])
def test_a_policy_says_what_is_enough(text: str) -> None:
    with pytest.raises(BadPolicy, match="quorum"):
        Policy.parse(text)


@pytest.mark.parametrize("octet", ["\r", "\x00", "\x0b", "\x0c", "\x1f", "\x7f"])
def test_no_control_characters_but_tab_and_newline(octet: str) -> None:
    with pytest.raises(BadPolicy, match="control"):
        Policy.parse(f"# a{octet}\nquorum none\n")


# a tree of groups over the six witnesses, each used once at most: (name, threshold, members)
Groups = dict[str, tuple[int, list[str]]]


@st.composite
def grouped(draw: st.DrawFn) -> tuple[Groups, str]:
    free, groups = [f"w{n}" for n in range(6)], Groups()
    for n in range(draw(st.integers(1, 5))):
        if not free:
            break
        members = draw(st.lists(st.sampled_from(free), min_size=1, max_size=4, unique=True))
        free = [*(name for name in free if name not in members), f"g{n}"]
        groups[f"g{n}"] = draw(st.integers(1, len(members))), members
    return groups, draw(st.sampled_from([*groups, "w0"]))


def enough(name: str, groups: Mapping[str, tuple[int, list[str]]], some: set[int]) -> bool:
    """What a reader of the policy would say, from the top down."""
    if name not in groups:
        return int(name[1:]) in some
    threshold, members = groups[name]
    return sum(enough(member, groups, some) for member in members) >= threshold


@given(grouped(), st.sets(st.integers(0, 5)))
def test_any_tree_of_groups_is_met_as_its_reader_expects(made: tuple[Groups, str], some: set[int]) -> None:
    groups, quorum = made
    lines = [f"witness w{n} {key(n)}" for n in range(6)]
    lines += [f"group {name} {threshold} {' '.join(members)}" for name, (threshold, members) in groups.items()]
    policy = Policy.parse("\n".join([*lines, f"quorum {quorum}"]))
    assert policy.quorum_met(set(cosigned(*some))) == enough(quorum, groups, some)
