"""What a file says of itself, and whether it is dangerous to load. Knows no database and no protocol.

From outside: ``inspector.inspect``, ``equality`` (when a verdict may be reused) and the types of ``reports``. A worker
calls ``inspector``, which has a confined process (``processes``, ``confinement``) run ``examination`` on the bytes;
that chooses a reader of ``formats``, ``archives`` or ``pickles``. Begin reading at ``inspector.py``.
"""
