"""Names that do harm when they are called, and why: data, so that a review is a reading.

From outside: ``lookup.harm`` and the tables of ``libraries``, for ``app/inspection/pickles/policy.py``. ``standard``
has the standard library, ``libraries`` what is installed beside it, ``outside`` what the name of a module alone tells.
Begin reading at ``lookup.py``.
"""
