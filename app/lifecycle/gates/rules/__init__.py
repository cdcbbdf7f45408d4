"""The kinds of gates: the data of each, and how it judges.

One class a kind, below ``rule.Rule``; ``kinds`` has the list of them. A rule judges from a ``subject.Subject``,
which was read before: judging asks neither database nor network. Begin reading with ``rule``, then ``metrics``.
"""
