from __future__ import annotations

import asyncio

import pytest

from app.errors import Unavailable
from app.settings import Settings, SettingsError
from app.storage.s3.store import S3BlobStore
from tests.support.storage.streams import GENEROUS, new_key, stream


async def test_removing_twice_is_fine(store: S3BlobStore) -> None:
    keys = [new_key() for _ in range(3)]
    for key in keys:
        await store.put(key, stream(b"x"), limit=GENEROUS)
    assert await store.remove(keys) == []
    assert await store.remove(keys) == []
    assert await store.remove(keys[:1]) == []
    assert await store.remove([]) == []
    assert [await store.stat(key) for key in keys] == [None, None, None]


async def test_more_keys_than_one_request_takes(store: S3BlobStore) -> None:
    prefix = new_key()
    keys = [f"{prefix}/{number:04}" for number in range(1003)]
    await asyncio.gather(*[store.put(key, stream(b""), limit=0) for key in keys])
    assert [listed.key async for listed in store.list_keys(prefix + "/")] == keys
    assert [listed.key async for listed in store.list_keys(prefix + "/", start_after=keys[1000])] == keys[1001:]
    assert await store.remove(keys) == []
    assert [listed async for listed in store.list_keys(prefix + "/")] == []


async def test_a_listing_has_size_and_time(store: S3BlobStore) -> None:
    key = new_key()
    await store.put(key, stream(b"four"), limit=GENEROUS)
    stat = await store.stat(key)
    [listed] = [listed async for listed in store.list_keys(key)]
    assert stat is not None
    assert (listed.key, listed.size) == (key, 4)
    assert abs((listed.modified - stat.modified).total_seconds()) < 2


async def test_concurrent_processes_make_the_bucket_once(storage_settings: Settings) -> None:
    settings = storage_settings.model_copy(update={"s3_bucket": "another-bucket"})
    stores = [S3BlobStore(settings) for _ in range(4)]
    with pytest.raises(Unavailable):
        await stores[0].ready()
    await asyncio.gather(*[store.ensure_bucket() for store in stores])
    for store in stores:
        await store.ready()
        await store.close()


async def test_wrong_credentials_are_not_ready_and_stay_secret(
    storage_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = {"s3_secret_key": type(storage_settings.s3_secret_key)("wrong-" + "0" * 34)}
    store = S3BlobStore(storage_settings.model_copy(update=wrong))
    caplog.set_level("DEBUG")
    with pytest.raises(Unavailable) as caught:
        await store.ready()
    with pytest.raises(Unavailable):
        await store.ensure_bucket()
    await store.close()
    told = caught.value.message + caplog.text
    assert "SignatureDoesNotMatch" in caplog.text
    assert storage_settings.s3_access_key.get_secret_value() not in told
    assert "X-Amz-Signature" not in told


@pytest.mark.parametrize("url", ["http://host/path", "http://user:word@host", "http://host?x=1"])
def test_addresses_that_cannot_be_signed_are_refused(storage_settings: Settings, url: str) -> None:
    with pytest.raises(SettingsError, match="without path"):
        S3BlobStore(storage_settings.model_copy(update={"s3_url": url}))
