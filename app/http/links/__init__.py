"""Files by signed link, without a token: downloads, single files, parts of an upload.

An edge of its own (``edge.EDGE``). Other edges send files by ``downloads.send``. Begin with ``downloads.py``; how links
are made and checked stands in ``app/artifacts/links.py``, how long they live in ``app/artifacts/reads/downloads.py``.
"""
