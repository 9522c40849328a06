"""What came of a delivery, in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from services.domain.words import Words

STATES: Mapping[str, Words] = {
    "waiting": ("đang chờ gửi", "waiting"),
    "sent": ("đã gửi", "sent"),
    "failed": ("không gửi được", "failed"),
}
VIA: Mapping[str, Words] = {
    "address": ("thư điện tử", "mail"),
    "webhook": ("webhook", "webhook"),
    "push": ("thông báo đẩy", "push message"),
}
WHY: Mapping[str, Words] = {
    "sent": ("Máy nhận đã nhận.", "The receiver took it."),
    "status": ("Máy nhận trả lời mã lỗi.", "The receiver answered with an error."),
    "redirect": (
        "Máy nhận chuyển sang địa chỉ khác; hãy đăng ký lại địa chỉ đúng.",
        "The receiver redirects elsewhere; register the right address.",
    ),
    "gone": (
        "Máy nhận báo địa chỉ này không còn dùng, nên đã ngừng gửi tới đó.",
        "The receiver says that this address is no longer used, so nothing more is sent there.",
    ),
    "timeout": ("Máy nhận không trả lời trong thời gian chờ.", "The receiver did not answer in time."),
    "unreachable": ("Không kết nối được với máy nhận.", "The receiver cannot be reached."),
    "private": (
        "Tên máy dẫn tới địa chỉ không ở mạng công cộng, nên không gửi.",
        "The name leads to an address that is not global, so nothing is sent.",
    ),
    "insecure": ("Máy nhận không cho kết nối bảo mật (TLS).", "The receiver offers no secure connection (TLS)."),
    "certificate": (
        "Chứng thư số của máy nhận không được tin cậy, nên không gửi.",
        "The receiver's certificate is not trusted, so nothing is sent.",
    ),
    "protocol": ("Máy nhận trả lời không đúng giao thức.", "The receiver does not speak the protocol."),
    "key": (
        "Khóa mà trình duyệt đã gửi không dùng được; hãy tắt rồi bật lại thông báo trên máy đó.",
        "The key that the browser gave is none; turn notices off and on again on that device.",
    ),
    "refused": ("Máy nhận từ chối thư này.", "The mail server refuses the message."),
    "credentials": (
        "Máy chủ thư không nhận tên hoặc mật khẩu của hệ thống; người vận hành xem lại KYCUONG_SMTP_URL.",
        "The mail server does not take this system's name or password; its operator checks KYCUONG_SMTP_URL.",
    ),
    "off": ("Hệ thống chưa cấu hình kênh này.", "This channel is not set up here."),
    "removed": ("Nơi nhận đã được bỏ trước khi gửi.", "The receiver was removed before it was sent."),
    "withdrawn": ("Nội dung đã được rút trước khi gửi.", "What it told of was withdrawn before it was sent."),
    "program": ("Chương trình gặp lỗi khi gửi và đã ghi lại.", "The program met an error and has noted it."),
}


def why(code: str) -> Words:
    """An attempt's outcome in words."""
    return WHY.get(code, WHY["status"])
