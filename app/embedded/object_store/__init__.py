"""The S3 store of one machine: SeaweedFS in a network namespace of its own, and the one port that leads into it.

From outside: ``server.ObjectStore`` and ``s3_port.StorePort``, both started by ``app/embedded/servers.py``. Begin
reading at ``server.py``. ``forward.py`` runs as a script and passes connections on; ``certificate.py`` runs as a module
and makes the certificate for systems without namespaces.
"""
