"""Services as users of their own: each owns the secrets that it alone may read, and one group shares the rest."""

import grp
import os
import pwd
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from services.kernel.process.folder import Folder, copy_of, write_durably


class NoCustody(ValueError):
    """The users are not named as they must be, or this user may give nothing away."""


@dataclass(frozen=True, slots=True)
class Custody:
    """The user of each service, and the group that all of them are in."""

    users: Mapping[str, int]
    group: int

    @classmethod
    def parse(cls, users: str, group: str, services: Collection[str]) -> "Custody":
        """Of `intake=NAME,audit=NAME,reports=NAME` and a group, names or numbers; NoCustody when it cannot be."""
        if os.geteuid() != 0:
            raise NoCustody("--users: chỉ root trao được tệp cho người khác / only root gives files to other users")
        pairs = dict(part.strip().partition("=")[::2] for part in users.split(","))
        if pairs.keys() != set(services):
            raise NoCustody("--users: phải là / must be " + ",".join(f"{name}=NGƯỜI-DÙNG" for name in services))
        try:
            uids = {name: _number(user, lambda known: pwd.getpwnam(known).pw_uid) for name, user in pairs.items()}
            gid = _number(group, lambda known: grp.getgrnam(known).gr_gid)
        except KeyError as unknown:
            raise NoCustody(f"máy này không có người dùng hay nhóm đó / no such user or group: {unknown}") from None
        if len({*uids.values()}) < len(uids):
            raise NoCustody("--users: mỗi dịch vụ một người dùng riêng / each service needs a user of its own")
        return cls(uids, gid)

    def hand_over(self, folder: Folder, secrets: Mapping[str, Collection[str]], log_keeper: str) -> None:
        """Give each service its own secrets, all of them what all have, and the log's folder to its keeper.

        What some have is copied for each of them. Whatever is not named stays root's: the owners' and the
        administrator's passwords are nobody else's.
        """
        _give(folder.path, 0, self.group, 0o711)
        _give(folder.secrets_dir, 0, self.group, 0o710)
        held = Counter(name for names in secrets.values() for name in names)
        for service, names in secrets.items():
            for name in names:
                path = folder.secrets_dir / name
                if 1 < held[name] < len(secrets):
                    path = _copied(path, service)
                self._hand_over(path, service, shared=held[name] == len(secrets))
        for path in (folder.log_dir, *folder.log_dir.rglob("*")):
            mode = path.stat().st_mode & 0o777
            _give(path, self.users[log_keeper], self.group, mode | 0o050 if path.is_dir() else mode)

    def _hand_over(self, path: Path, service: str, *, shared: bool) -> None:
        if shared:
            _give(path, 0, self.group, 0o640)
            return
        for one in (path, *path.rglob("*")):
            _give(one, self.users[service], self.group, 0o700 if one.is_dir() else 0o600)


def _copied(path: Path, service: str) -> Path:
    """A service's own copy of a secret that only some have; the one that it is of stays root's alone."""
    _give(path, 0, 0, 0o600)
    copy = copy_of(path, service)
    write_durably(copy, path.read_text(encoding="utf-8"), 0o600)
    return copy


def _give(path: Path, user: int, group: int, mode: int) -> None:
    """Change whose a file is, and what others may do with it; never through a link that somebody put there."""
    if path.is_symlink():
        raise NoCustody(f"{path} là một liên kết; hãy bỏ nó đi / is a link: remove it")
    os.chown(path, user, group)
    path.chmod(mode)


def _number(name: str, find: Callable[[str], int]) -> int:
    return int(name) if name.isdigit() else find(name)
