"""The commands ``push`` and ``pull``: a client of the API, apart from all that serves it."""
