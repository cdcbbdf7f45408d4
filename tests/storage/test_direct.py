"""What clients do themselves with presigned URLs."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from app.settings import Settings
from app.storage.blobs import Part, PartsRefused, UploadMissing
from app.storage.s3.store import S3BlobStore
from tests.support.storage.streams import GENEROUS, MIB, new_key, pending, read, some_bytes, stream

HOUR = timedelta(hours=1)


async def test_a_presigned_download_is_an_attachment(store: S3BlobStore) -> None:
    key = new_key()
    await store.put(key, stream(b"weights"), limit=GENEROUS)
    url = store.presign_get(key, filename='models/größe "1".bin', media_type="application/x-weights", expires=HOUR)
    async with httpx.AsyncClient() as client:
        answer = await client.get(url)
        tampered = await client.get(url.replace("x-weights", "x-other"))
    assert (answer.status_code, answer.content) == (200, b"weights")
    assert answer.headers["content-type"] == "application/x-weights"
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"gr__e _1_.bin\"; filename*=UTF-8''gr%C3%B6%C3%9Fe%20%221%22.bin"
    )
    assert tampered.status_code == 403


async def test_parts_go_straight_to_the_store(store: S3BlobStore) -> None:
    key, data = new_key(), some_bytes(5 * MIB + 9)
    upload_id = await store.create_multipart(key)
    assert await pending(store, key) == [upload_id]
    async with httpx.AsyncClient() as client:
        for number, content in ((2, data[5 * MIB :]), (1, data[: 5 * MIB])):
            url = store.presign_put_part(key, upload_id, number, HOUR)
            answer = await client.put(url, content=content)
            assert answer.status_code == 200
    parts = await store.list_parts(key, upload_id)
    assert [(part.number, part.size) for part in parts] == [(1, 5 * MIB), (2, 9)]
    etag = await store.complete_multipart(key, upload_id, reversed_parts := parts[::-1])
    assert await store.complete_multipart(key, upload_id, reversed_parts) == etag
    assert await read(store, key) == data
    assert await pending(store, key) == []


async def test_parts_that_were_never_sent_are_refused(store: S3BlobStore) -> None:
    key = new_key()
    upload_id = await store.create_multipart(key)
    async with httpx.AsyncClient() as client:
        await client.put(store.presign_put_part(key, upload_id, 1, HOUR), content=b"last")
    sent = await store.list_parts(key, upload_id)
    with pytest.raises(PartsRefused):
        await store.complete_multipart(key, upload_id, [*sent, Part(2, "0" * 32)])
    assert await store.list_parts(key, upload_id) == sent
    assert await store.stat(key) is None
    await store.abort_multipart(key, upload_id)


async def test_an_aborted_upload_is_gone(store: S3BlobStore) -> None:
    key = new_key()
    upload_id = await store.create_multipart(key)
    await store.abort_multipart(key, upload_id)
    await store.abort_multipart(key, upload_id)
    with pytest.raises(UploadMissing):
        await store.list_parts(key, upload_id)
    with pytest.raises(UploadMissing):
        await store.complete_multipart(key, upload_id, [Part(1, "0" * 32)])


async def test_only_stale_uploads_are_aborted(store: S3BlobStore) -> None:
    key = new_key()
    upload_id = await store.create_multipart(key)
    await store.abort_stale_uploads(HOUR)
    assert await pending(store, key) == [upload_id]
    assert await store.abort_stale_uploads(timedelta(seconds=-5)) >= 1
    assert await pending(store, key) == []


async def test_urls_for_clients_name_the_public_endpoint(storage_settings: Settings, store: S3BlobStore) -> None:
    public = S3BlobStore(storage_settings.model_copy(update={"s3_public_url": "https://files.example.org"}))
    url = public.presign_get("key", filename="f", media_type="text/plain", expires=HOUR)
    part = public.presign_put_part("key", "id", 1, HOUR)
    assert url.startswith("https://files.example.org/modelyard/key?")
    assert part.startswith("https://files.example.org/modelyard/key?")
    assert (public.has_public_endpoint, store.has_public_endpoint) == (True, False)
    await public.close()
