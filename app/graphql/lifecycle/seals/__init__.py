"""Sealing, yanking and deprecating versions, and manifests. Begin with ``mutations``; ``types`` is what they show."""
