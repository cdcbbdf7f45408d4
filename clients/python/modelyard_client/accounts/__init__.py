"""Who one is on this machine: installations by name, their tokens, and how a token is got and given up.

From outside: ``profiles.Profiles`` (what ``modelyard login`` has stored), ``sign_in`` (log in, log out, who am I).
``keyring_storage`` and ``private_file`` keep secrets, ``device_flow`` gets them. Begin reading at ``sign_in.py``.
"""
