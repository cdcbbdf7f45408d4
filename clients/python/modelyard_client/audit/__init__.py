"""The audit log outside of the installation: exports, and the proof that nothing in them was changed.

``verify`` needs no server and nothing but the standard library. Begin reading there.
"""
