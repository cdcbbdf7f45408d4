"""How bytes come in. Every way writes the row of a blob first, then the object, and then points a path at it.

``stream`` takes one file through this service; ``small_batch`` holds the two shared transactions of its common case;
``publish`` and ``publish_batch`` are the step that makes bytes visible. ``multipart`` is the protocol of MLflow's
clients, ``announced`` that of GraphQL and the command line (``part_plan``, ``parts``, ``store_uploads``), which a
worker ends (``ingest``). Begin with ``stream.store``.
"""
