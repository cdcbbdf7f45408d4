"""The few XML documents of the S3 protocol that the data plane needs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET

from app.errors import Unavailable
from app.storage.blobs import Part, PendingUpload

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


class AnswerMalformed(Unavailable):
    """The answer of the object store cannot be read; try again."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The answer of the object store cannot be read ({what}); try again.")


def completion(parts: Iterable[Part]) -> bytes:
    """The body of CompleteMultipartUpload."""
    root = ET.Element("CompleteMultipartUpload", xmlns=NAMESPACE)
    for part in parts:
        element = ET.SubElement(root, "Part")
        ET.SubElement(element, "PartNumber").text = str(part.number)
        ET.SubElement(element, "ETag").text = f'"{part.etag}"'
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def error_code(body: bytes) -> str | None:
    """The ``Code`` of an error document, None when the body is something else.

    CompleteMultipartUpload may say 200 and fail afterwards, so the status alone does not tell (AWS S3 API reference).
    """
    try:
        root = _parse(body)
    except AnswerMalformed:
        return None
    return _text(root, "Code") if _name(root) == "Error" else None


def upload_id(body: bytes) -> str:
    """The id in the answer of CreateMultipartUpload."""
    return _required(_parse(body), "UploadId")


def etag(body: bytes) -> str:
    """The ETag in the answer of CompleteMultipartUpload."""
    return _required(_parse(body), "ETag").strip('"')


def parts_page(body: bytes) -> tuple[list[Part], str | None]:
    """One page of ListParts and the marker of the next one."""
    root = _parse(body)
    parts = [
        Part(
            number=_integer(element, "PartNumber"),
            etag=_required(element, "ETag").strip('"'),
            size=_integer(element, "Size"),
        )
        for element in root.iterfind("{*}Part")
    ]
    return parts, _text(root, "NextPartNumberMarker") if parts and _truncated(root) else None


def uploads_page(body: bytes) -> tuple[list[PendingUpload], dict[str, str] | None]:
    """One page of ListMultipartUploads and the query parameters that ask for the next one."""
    root = _parse(body)
    encoded = _text(root, "EncodingType") == "url"

    def plain(text: str) -> str:
        return unquote_plus(text) if encoded else text

    uploads = [
        PendingUpload(
            key=plain(_required(element, "Key")),
            upload_id=_required(element, "UploadId"),
            started=_moment(_required(element, "Initiated")),
        )
        for element in root.iterfind("{*}Upload")
    ]
    if not uploads or not _truncated(root):
        return uploads, None
    return uploads, {
        "key-marker": plain(_required(root, "NextKeyMarker")),
        "upload-id-marker": _text(root, "NextUploadIdMarker") or "",
    }


def _parse(body: bytes) -> ET.Element:
    """Parse a document without a DTD: none of S3 has one, and all entity attacks need one."""
    try:
        text = body.decode("utf-8")
        if "<!DOCTYPE" in text:
            raise AnswerMalformed("document type declaration")
        return ET.fromstring(text)  # noqa: S314 - bounded in size, and no DTD, as the line above sees to
    except (UnicodeDecodeError, ET.ParseError) as error:
        raise AnswerMalformed(type(error).__name__) from None


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(element: ET.Element, name: str) -> str | None:
    return element.findtext(f"{{*}}{name}") or None


def _required(element: ET.Element, name: str) -> str:
    text = _text(element, name)
    if text is None:
        raise AnswerMalformed(f"{name} is missing")
    return text


def _integer(element: ET.Element, name: str) -> int:
    try:
        return int(_required(element, name))
    except ValueError:
        raise AnswerMalformed(f"{name} is no integer") from None


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise AnswerMalformed("a time is not ISO 8601") from None


def _truncated(root: ET.Element) -> bool:
    return _text(root, "IsTruncated") == "true"
