"""Who pulled which version, when: counted in the memory of each process, and written together every few seconds.

``counter`` counts, at the cost of a dictionary's entry and of no statement; ``storage`` writes what was counted and
removes what is too old; ``reads`` answers by version, day and caller. Callers: ``runtime``, the edges that send files,
``graphql``, and workers for the removal. Begin with ``counter``.
"""
