"""Signing a command line in by a browser that confirms it (RFC 8628): the device authorization grant.

Other packages call `grants` (a machine begins, and polls) and `confirmation` (a person looks, allows or refuses).
Begin with `grants`.
"""
