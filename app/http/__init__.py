"""What every request has, whichever protocol it speaks: caller, id, log line, turn, probes, signed links.

Nothing here knows a protocol by its path: an edge is one value (:class:`app.http.edge.Edge`), which its package exports
and :mod:`app.main` lists. Edges call ``answers``, ``bodies``, ``edge``, ``links.downloads`` and ``request_log``; the
server process calls ``connection.server``. Begin with ``edge.py``, then read the middleware of ``app/main.py``.
"""
