"""Reading and writing files of versions, candidates and logged models: what every protocol calls.

A caller names whose files it means (``targets``) and a path. ``store`` writes one file, ``file_sets`` several at once,
``multipart``, ``announced`` and ``parts`` files that come in parts, ``read`` finds, lists and opens them, ``remove``
deletes them, ``links`` makes addresses that need no token. The rules stand here and nowhere above: which owner is
locked, what may be seen and written, how large a file may be, below which folder a version's files are, what is kept
elsewhere, and whether bytes are sent from here or from the store. Begin with ``targets``.
"""
