"""What can go wrong with the log itself, split by what the process does about it."""


class LogCorrupt(Exception):
    """Stored bytes, hashes and heads disagree: nothing is signed or appended until a person has looked."""


class GuardRefuses(Exception):
    """The database is behind a checkpoint already published, or differs from it: nothing is signed or appended."""


class Fenced(Exception):
    """Another sequencer rules now: what was being written was rolled back, and this one starts over."""
