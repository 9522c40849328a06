"""Upgrades schemas as a program of its own, which takes Alembic's memory along: `python -m services.kernel.upgrading`.

It reads `{"schema": "address as its owner"}` from stdin; what goes wrong is the last line on stderr.
"""

import json
import sys

from services.kernel.store.upgrade import upgrade


def main() -> None:
    """Upgrade what stdin names."""
    try:
        upgrade(json.load(sys.stdin))
    except Exception as error:
        sys.exit(_in_words(error))


def _in_words(error: Exception) -> str:
    """The sentence for an error; raises the error itself where there is none."""
    from click import ClickException

    from services.kernel.command import in_words

    try:
        with in_words():
            raise error
    except ClickException as refusal:
        return refusal.message


if __name__ == "__main__":
    main()
