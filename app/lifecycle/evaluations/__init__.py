"""Results of trying a version on a named data set or in an online experiment, and the six facts of a version.

Results are added and corrected, never overwritten: what was said before stays readable.
Callers: ``gates`` and the edges. Begin reading with ``evaluations``.
"""
