"""What serving stacks say they run, what was downloaded, and the lineage of versions both ways.

Downloads are counted in the process and written in batches, so that a download costs nothing more.
Callers: the edges. Begin reading with ``deployments``.
"""
