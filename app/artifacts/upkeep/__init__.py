"""What happens to files after they were stored, mostly by workers and by the garbage collection.

``inspections`` looks into new files and ``verdicts`` remembers the outcome per content; ``quarantine`` holds
dangerous files back. ``garbage`` condemns bytes that no file has and removes them, unless ``backup_holds`` keep them;
``damage`` and ``reconcile`` compare rows with the store. Begin with ``garbage``, whose order of deletion all others
rely on.
"""
