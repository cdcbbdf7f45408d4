"""How many requests this process works on at once, and which is next: fair to users and projects.

``middleware.Admission`` stands before all work; operations over WebSockets enter by ``gate.gate_of``. Nothing else is
called from outside. Begin with ``middleware.py``, then ``fair_queue.py``, which holds the rule.
"""
