"""The bodies of findings: recorded, withdrawn."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from services.intake.writing.forms import (
    ABSENT,
    NONE_LISTED,
    Because,
    Form,
    Measured,
    Reason,
    Text,
    Time,
    Timed,
    Write,
    WriteId,
    required,
)

MAX_FILE_BYTES = MAX_PHOTO_BYTES = 10_000_000


class Seen(Form):
    """What was seen, and who stood there: sealed in the vault."""

    narrative: Text = ABSENT
    persons: Annotated[list[Text], Field(max_length=100)] = ABSENT


class Photo(Form):
    """One photo of the manifest."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    bytes: Annotated[int, Field(ge=1, le=MAX_PHOTO_BYTES)]
    type: Literal["image/jpeg"]


class File(Form):
    """One file that a write names."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    bytes: Annotated[int, Field(ge=1, le=MAX_FILE_BYTES)]
    type: Literal["image/jpeg", "image/png", "image/webp", "application/pdf"]


class WithFiles(Write):
    """A write that files belong to: they come by themselves, each to its place in the list."""

    files: Annotated[list[File], Field(max_length=20)] = NONE_LISTED

    def compared(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """What two contents are compared by; a file's hash is a private part, as a photo's."""
        public = dict(super().compared(body))
        if "files" in public:
            public["files"] = [{**file, "sha256": None} for file in public["files"]]
        return public

    def private_parts(self) -> dict[str, bytes]:
        """The private groups, and the hash of each file."""
        hashes = (bytes.fromhex(file.sha256) for file in self.files)
        return super().private_parts() | {f"file.{number}": one for number, one in enumerate(hashes, start=1)}

    def told(self) -> dict[str, Any]:
        """The fields that the event has, too: of the files only the commitments."""
        return {name: value for name, value in super().told().items() if name != "files"}


class RecordFinding(Measured):
    """One thing seen at a unit, counted."""

    EVENT = "kycuong.finding.recorded.v1"

    inspection: WriteId
    code: Annotated[str, Field(pattern=r"^[A-Z][0-9]{2}$")]
    count: Annotated[int, Field(ge=1, le=9_999)]
    captured_at: Time
    private: Seen = Seen()
    photos: Annotated[list[Photo], Field(max_length=50)] = NONE_LISTED

    def compared(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """What two contents are compared by.

        A photo's hash is a private part, compared by its commitment: here it would outlive the part's erasure.
        """
        public = dict(super().compared(body))
        if "photos" in public:
            public["photos"] = [{**photo, "sha256": None} for photo in public["photos"]]
        return public

    def private_parts(self) -> dict[str, bytes]:
        """The private groups, and the hash of each photo."""
        hashes = (bytes.fromhex(photo.sha256) for photo in self.photos)
        return super().private_parts() | {f"photo.{number}": one for number, one in enumerate(hashes, start=1)}

    def told(self) -> dict[str, Any]:
        """The fields that the event has, too: of the photos it says how many."""
        return super().told() | {"photos": len(self.photos)}


class WithdrawFinding(Write):
    """A finding taken back."""

    EVENT = "kycuong.finding.withdrawn.v1"

    private: Because = required(Because)


class SeenBetter(Seen):
    """What is put right of it, and why; a missing key keeps what stands."""

    reason: Reason


class CorrectFinding(Timed):
    """A finding put right before anybody decided it."""

    EVENT = "kycuong.finding.corrected.v1"

    code: Annotated[str, Field(pattern=r"^[A-Z][0-9]{2}$")]
    count: Annotated[int, Field(ge=1, le=9_999)]
    captured_at: Time
    private: SeenBetter = required(SeenBetter)
