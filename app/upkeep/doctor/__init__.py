"""The checks of `modelyard doctor`.

``checks`` looks at servers, queue, disk and isolation, ``risks`` at the settings alone; both answer ``findings``, of
which the command prints one line each. A new check is a function in ``checks`` and an entry in ``examine``.
"""
