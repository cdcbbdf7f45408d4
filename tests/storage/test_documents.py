from __future__ import annotations

import pytest

from app.storage.blobs import Part
from app.storage.headers import attachment
from app.storage.s3 import documents
from app.storage.s3.documents import AnswerMalformed

BOMB = b'<!DOCTYPE a [<!ENTITY b "bbbb">]><Error><Code>&b;</Code></Error>'


@pytest.mark.parametrize("body", [b"", b"<Error>", b"\xff\xfe<", b"<a/>", BOMB, b"not xml", b"<UploadId/>"])
def test_documents_of_other_kinds_are_refused(body: bytes) -> None:
    with pytest.raises(AnswerMalformed):
        documents.upload_id(body)
    assert documents.error_code(body) is None


@pytest.mark.parametrize("namespace", ["", ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'])
def test_answers_with_and_without_a_namespace(namespace: str) -> None:
    body = f"<InitiateMultipartUploadResult{namespace}><UploadId>u1</UploadId></InitiateMultipartUploadResult>"
    error = f"<Error{namespace}><Code>NoSuchKey</Code></Error>"
    assert documents.upload_id(body.encode()) == "u1"
    assert documents.error_code(error.encode()) == "NoSuchKey"


def test_completion_quotes_and_escapes() -> None:
    assert documents.completion([Part(1, "a<b")]).endswith(
        b'<Part><PartNumber>1</PartNumber><ETag>"a&lt;b"</ETag></Part></CompleteMultipartUpload>'
    )


def test_pages_have_the_marker_of_the_next() -> None:
    part = "<Part><PartNumber>1</PartNumber><ETag>&quot;e&quot;</ETag><Size>5</Size></Part>"
    more = "<IsTruncated>true</IsTruncated><NextPartNumberMarker>1</NextPartNumberMarker>"
    assert documents.parts_page(f"<R>{part}{more}</R>".encode()) == ([Part(1, "e", 5)], "1")
    assert documents.parts_page(f"<R>{part}</R>".encode()) == ([Part(1, "e", 5)], None)
    upload = "<Upload><Key>a%2Fb</Key><UploadId>u</UploadId><Initiated>2026-01-02T03:04:05.006Z</Initiated></Upload>"
    more = (
        "<IsTruncated>true</IsTruncated><NextKeyMarker>a%2Fb</NextKeyMarker><NextUploadIdMarker>u</NextUploadIdMarker>"
    )
    [parsed], markers = documents.uploads_page(f"<R><EncodingType>url</EncodingType>{upload}{more}</R>".encode())
    assert (parsed.key, parsed.upload_id, parsed.started.isoformat()) == (
        "a/b",
        "u",
        "2026-01-02T03:04:05.006000+00:00",
    )
    assert markers == {"key-marker": "a/b", "upload-id-marker": "u"}


@pytest.mark.parametrize(
    ("filename", "header"),
    [
        ("model.pkl", "attachment; filename=\"model.pkl\"; filename*=UTF-8''model.pkl"),
        ("a/b/../c d.txt", "attachment; filename=\"c d.txt\"; filename*=UTF-8''c%20d.txt"),
        ("..\\x\\y", "attachment; filename=\"y\"; filename*=UTF-8''y"),
        ('a"\r\nSet-Cookie: b', "attachment; filename=\"a_Set-Cookie: b\"; filename*=UTF-8''a%22Set-Cookie%3A%20b"),
        ("\u202egnp.exe", "attachment; filename=\"gnp.exe\"; filename*=UTF-8''gnp.exe"),
        ("\ud800", "attachment; filename=\"artifact\"; filename*=UTF-8''artifact"),
        ("", "attachment; filename=\"artifact\"; filename*=UTF-8''artifact"),
    ],
)
def test_file_names_cannot_leave_their_header(filename: str, header: str) -> None:
    assert attachment(filename) == header
