"""Bytes under keys, in an S3-compatible store.

``blobs`` is the interface (:class:`app.storage.blobs.BlobStore`) and its errors: all that features may use.
``source`` and ``hashing`` cut and hash incoming streams, ``headers`` writes the header of a download. The
implementation is :mod:`app.storage.s3`, which only the runtime builds. Nothing here knows projects or files. Begin
with ``blobs``.
"""
