"""Why a write is refused for what already stands: each with its own stable slug."""

from typing import Any

from services.kernel.problems import Language, Problem, Unavailable, invalid


class WrongState(Problem):
    """Việc này không còn làm được ở trạng thái hiện tại; hãy tải lại để xem trạng thái mới.

    This cannot be done in the present state; reload to see it.
    """

    status, slug = 409, "wrong-state"


class ReplyWindowOpen(Problem):
    """Chưa thể kết luận: đơn vị chưa giải trình và thời hạn giải trình chưa hết.

    It cannot be upheld yet: the unit has not replied and its reply window is still open.
    """

    status, slug = 409, "reply-window-open"


class Incomplete(Problem):
    """Chưa thể kết luận: còn thiếu ảnh đã nêu trong ghi nhận; hãy gửi đủ ảnh trước.

    It cannot be upheld yet: photos of the finding's manifest are still missing; send them first.
    """

    status, slug = 409, "incomplete"


class PhotoMissing(Problem):
    """Máy chủ chưa có ảnh này nên chưa che được; hãy chờ ảnh được gửi lên.

    The photo is not here yet, so nothing of it can be covered; wait until it is sent.
    """

    status, slug = 409, "incomplete"


class UploadGap(Problem):
    """Phần này không nối tiếp phần đã nhận; hãy gửi tiếp từ byte ghi ở "received".

    This part does not follow what was received; go on from the byte that "received" names.
    """

    status, slug = 409, "upload-gap"

    def __init__(self, received: int) -> None:
        super().__init__()
        self.received = received

    def body(self, language: Language, instance: str) -> dict[str, Any]:
        """The problem+json object, with where to go on."""
        return super().body(language, instance) | {"received": self.received}


class WithdrawalTooLate(Problem):
    """Đã quá 24 giờ kể từ khi ghi nhận; hãy đề nghị trưởng đoàn rút lại.

    More than 24 hours have passed since the finding was recorded; ask the lead to withdraw it.
    """

    status, slug = 409, "withdrawal-too-late"


class CorrectionTooLate(Problem):
    """Đã quá 24 giờ kể từ khi ghi nhận; hãy đề nghị trưởng đoàn đính chính.

    More than 24 hours have passed since the finding was recorded; ask the lead to correct it.
    """

    status, slug = 409, "correction-too-late"


class AlreadyRead(Problem):
    """Anh/chị đã xem kết luận của ghi nhận này nên không thẩm định độc lập được nữa; hãy nhờ người khác.

    You have read what was decided, so you can no longer review it blind; let somebody else do it.
    """

    status, slug = 409, "already-read"


class AppealsOpen(Problem):
    """Chưa chốt được bản chính thức: còn đề nghị xem xét lại đã quá 10 ngày làm việc chưa có kết luận.

    The official edition cannot be closed yet: an appeal has waited longer than 10 working days.
    """

    status, slug = 409, "appeals-open"


class AlreadyErased(Problem):
    """Nội dung không công khai này đã được xóa; không còn gì để xóa nữa.

    This private part is already erased; nothing is left to erase.
    """

    status, slug = 409, "already-erased"


class ClockDoubted(Unavailable):
    """Đồng hồ máy chủ đang được kiểm tra (vừa nhảy, hoặc lệch với nhật ký); hãy giữ lại và gửi lại sau vài phút.

    The server's clock is being checked (it jumped, or is at odds with the log); keep this and send it again in minutes.
    """

    def __init__(self) -> None:
        super().__init__(60)


class PartLost(Problem):
    """Ảnh này không đối chiếu được nữa: mô tả của ảnh đã mất khi máy chủ khôi phục dữ liệu; hãy giữ ảnh lại.

    This photo can no longer be checked: its description was lost when the server was restored; keep the photo.
    """

    status, slug = 409, "part-lost"


class KeyKnown(Problem):
    """Nhật ký đã ghi khóa này; hãy tạo khóa mới nếu muốn đổi khóa.

    The log already tells of this key; make a new one to change keys.
    """

    status, slug = 409, "key-known"


class AlreadyRegistered(Problem):
    """Mã đơn vị này đã có; hãy dùng mã khác, hoặc sửa đơn vị bằng "amend".

    This unit is already registered; use another id, or change it with "amend".
    """

    status, slug = 409, "already-registered"


class TooEarly(Problem):
    """Chưa đến ngày làm được việc này.

    It is too early for this.
    """

    status, slug = 409, "too-early"


class AlreadyClosed(Problem):
    """Bản này của quý đã được chốt.

    This edition of the quarter is already closed.
    """

    status, slug = 409, "already-closed"


class Overlaps(Problem):
    """Một đợt khác cũng chọn từ nhóm này trong thời gian đó; hãy nêu đợt đó ở "replaces", hoặc đổi ngày.

    Another round draws from this group at that time; name it in "replaces", or choose other days.
    """

    status, slug = 409, "overlaps"


class PublicLog(Problem):
    """Nhật ký đang công khai nội dung (KYCUONG_LOG_PUBLIC_ENTRIES), nên đợt đột xuất sẽ lộ trước; hãy đặt lại trước.

    The log's entries are public (KYCUONG_LOG_PUBLIC_ENTRIES), so an unannounced round would be told of; change that.
    """

    status, slug = 409, "public-log"


class ConflictOfInterest(Problem):
    """Có xung đột lợi ích: người này là hoặc trong 24 tháng qua từng là người đứng đầu; hãy chọn người khác.

    A conflict of interest: this person is, or in the last 24 months was, head there; choose somebody else.
    """

    status, slug = 422, "conflict-of-interest"


def forged() -> Problem:
    """An item of somebody else's phone whose signature does not hold."""
    return invalid(
        "/device/sig",
        "chữ ký của máy không khớp với nội dung; hãy để chính người ghi gửi từ máy của họ",
        "the phone's signature does not fit the content; let its own user send it from that phone",
    )
