"""Whether writes may be taken: only once the database is known to hold all that the log holds."""

from dataclasses import dataclass

from services.kernel.problems import Unavailable

Words = tuple[str, str]
"""In Vietnamese and in English."""
COMPARING: Words = (
    "Máy chủ đang đối chiếu dữ liệu với nhật ký trước khi nhận ghi nhận đầu tiên; hãy giữ lại và gửi lại sau.",
    "The server is comparing its data with the log before it takes the first write; keep the item and send it again.",
)
SHORTER: Words = (
    "Nhật ký ngắn hơn phần mà máy chủ đã nhận biên nhận: nhật ký được khôi phục từ bản cũ. Người vận hành cần khôi "
    "phục cả hai về cùng một thời điểm (xem operate.md, Restore); hãy giữ lại và gửi lại sau.",
    "The log is shorter than what this server has receipts for: the log was restored from an older copy. The operator "
    "has to restore both to one moment (operate.md, Restore); keep the item and send it again later.",
)
DIFFERS: Words = (
    "Nhật ký khác với nhật ký mà máy chủ này đã ghi; người vận hành cần xem operate.md, mục Restore. Hãy giữ lại và "
    "gửi lại sau.",
    "The log is not the one that this server wrote to; the operator has to look (operate.md, Restore). Keep the item "
    "and send it again later.",
)
UNKNOWN: Words = (
    "Nhật ký có loại sự kiện mà phiên bản này chưa biết; người vận hành cần cài phiên bản mới hơn. Hãy giữ lại và gửi "
    "lại sau.",
    "The log holds a kind of event that this version does not know; the operator has to install a newer one. Keep the "
    "item and send it again later.",
)


@dataclass(slots=True)
class Standing:
    """How this process's database stands to the log."""

    compared: bool = False
    """Nothing that the log held when this process began, or was last in doubt, is missing any more."""
    done: int = 0
    """How much of the log has been taken in."""
    until: int | None = None
    """The size to reach while the database is behind the log."""
    goal: int = 0
    """How much the log had signed when it was last looked at."""
    trouble: Words | None = None
    """Why comparing cannot go on without a person."""

    @property
    def open(self) -> bool:
        """Whether writes are taken."""
        return self.compared and self.until is None and self.trouble is None

    @property
    def why(self) -> Words:
        """Why they are not."""
        if self.trouble is not None:
            return self.trouble
        if self.until is None:
            return COMPARING
        return (
            "Dữ liệu của máy chủ cũ hơn nhật ký (khôi phục từ bản sao lưu cũ): "
            f"đang dựng lại {self.done}/{self.until}; hãy giữ lại và gửi lại sau.",
            f"The server's data is older than the log (restored from an older backup): rebuilding {self.done}/"
            f"{self.until}; keep the item and send it again later.",
        )

    def require_open(self) -> None:
        """Unavailable, and why, while a new write might take a number that was given before."""
        if not self.open:
            raise Unavailable(5 if self.trouble is None else 60, self.why)

    def doubt(self) -> None:
        """Take no write before the database has been compared with the log once more."""
        self.compared = False

    def resume(self, done: int, until: int | None) -> None:
        """Go on from what the database says of itself."""
        self.done, self.until = done, until

    def fall_behind(self, until: int) -> None:
        """The log holds what the database does not."""
        self.until = max(self.until or 0, until, self.goal)
