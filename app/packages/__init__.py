"""GitLab's package registry paths for files of versions and candidates, read and written by plain GET and PUT.

``edge.EDGE`` is what the application mounts; nothing else is called from outside. Begin with ``files.py``.
"""
