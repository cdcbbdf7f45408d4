"""Child processes: how they are started, watched, restarted and ended, whatever program they run.

``process.Process`` is one child; ``supervised.Supervised`` restarts it; ``launch.py`` runs as a script between the two
and sees to it that no child outlives its parent. The rest answers questions about the system: free ports, installed
programs, users, namespaces, processes of an earlier start. Begin reading at ``process.py``.
"""
