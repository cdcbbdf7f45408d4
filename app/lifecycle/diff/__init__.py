"""What differs between two versions, and how much of a step in SemVer that takes.

``versions`` is the use case. ``documents``, ``tensors`` and ``environment`` compare what was read, without a database;
``bump`` draws the conclusion, and ``bump_rule`` is what a promotion asks.
"""
