"""Files of this machine and their bytes: chosen, hashed, sent and received.

From outside: ``local_files.collect``, ``hashing.hashed``, ``sending.Sender`` and ``receiving.Receiver``, for ``push``
and ``pull``. ``uploads`` are the uploads as the API has them, ``resume_state`` what a push remembers for its next run,
``destination`` the folder that a pull may write to. Begin reading at ``sending.py``.
"""
