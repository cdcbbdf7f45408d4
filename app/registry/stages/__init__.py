"""Stages: the names of a project between which its versions move, who may move them, and what stood where and when.

``definitions`` has the stages of a project, ``protections`` who may move which names (of aliases, too), ``moves`` the
one step by which a version changes its stage, ``histories`` who began and ended an interval, ``as_of`` what stood at a
moment, ``rollback`` goes back to what stood before. ``changes`` adds, renames, orders and retires stages. Callers:
aliases and versions in this feature, what decides about promotions, and the edges. Begin reading with ``moves``.
"""
