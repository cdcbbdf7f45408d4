"""The audit log: every change with its author, hash-chained per project, verifiable offline.

Triggers write the entries in the transaction of the change; a chore chains them seconds later.
Callers: the edges, the worker and the command line. Begin reading with ``chain``.
"""
