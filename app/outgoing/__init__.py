"""Requests that leave the installation: webhooks, CI systems and the keys of their identities.

From outside: ``requests`` (one request, short, without redirects) and ``addresses.AddressRules`` (which hosts and
networks may be called). An address is checked when its name is resolved, and the connection goes to that very address.
Begin reading with ``requests.py``.
"""
