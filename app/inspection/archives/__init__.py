"""Archives and compressed files, read as streams within limits; nothing is unpacked to disk.

From outside: ``zips.members``, ``tars.members``, ``joined.opened`` and ``inflating.Inflated``, for ``examination`` and
``pickle_search``. Hostile paths, links and sizes are refused before anything inside is read. Begin reading at
``zips.py``.
"""
