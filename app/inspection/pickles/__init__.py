"""Pickles are taken apart, never loaded: a stack machine follows the names that loading would import and call.

From outside: ``dissection.Dissector`` (what the pickles of a stream do) and ``verdicts.conclude`` (what follows for
the file). ``machine`` and ``opcodes`` follow the opcodes, ``usage`` and ``calls`` note what is done with names,
``policy`` judges names. Begin reading at ``dissection.py``; the reasons are in docs/decisions/0011-scanners.md.
"""
