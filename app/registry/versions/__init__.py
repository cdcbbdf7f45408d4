"""Use cases of model versions, a module for each: create, copy, change, complete, delete, check.

Creation goes ``create`` -> ``request`` (checks) -> ``create_batch`` (one transaction for many) -> ``numbering`` (which
version gets which number) -> ``insert`` (two statements). ``lookup`` has the version that a caller means, ``states``
says what its state allows, ``manifests`` keeps the texts of deleted versions for the same files, ``origins`` what a
version may be made from, ``wait_for_files`` what keeps it OPEN. Begin with :mod:`.create`.
"""
