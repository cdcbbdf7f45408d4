"""uvicorn with bounds: sizes of heads, clients that stand still, refusals that say why.

``server.configuration`` is what a process serves with; ``exchange.has_left`` tells the application whether a client has
gone. Begin with ``server.py``; ``bounded.py`` bounds heads, ``protocol.py`` and ``websockets.py`` watch progress.
"""
