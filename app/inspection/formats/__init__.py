"""Readers of file formats: each takes a source of bytes and limits, and gives the facts that the file states.

From outside: only ``examination`` calls them, by the table ``READERS``; a format has a module, a kind in
``app/inspection/detection.py`` and a row in that table. None of them runs code of a file. Begin reading at
``safetensors.py``, the shortest complete one.
"""
