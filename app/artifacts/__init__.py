"""Files of candidates and logged models: their rows, the bytes behind them, and what keeps the two in agreement.

``artifacts`` has the values that everything else speaks of (a root, a file's details); ``uploads`` writes,
``removal`` deletes, ``reads`` answers, ``upkeep`` inspects, repairs and collects garbage. ``visibility`` is the one
rule for who may see and change which file, ``path_conflicts`` the one for paths. Edges do not call this package to
read or write a file: :mod:`app.files` does, which knows owners and versions. Begin with ``uploads/stream.py``, the
life of one upload.
"""
