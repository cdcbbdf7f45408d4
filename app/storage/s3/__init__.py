"""The blob store on MinIO or another S3-compatible store.

``store.S3BlobStore`` is built by the runtime and by tests; the other modules are its parts: ``writer`` and
``multipart`` write objects, ``objects`` reads them, ``wire`` sends requests with patience over ``connections``,
``signing`` signs them, ``control`` does the rare work with the SDK. Begin with ``store``.
"""
