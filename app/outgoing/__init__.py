"""Requests that leave the installation: webhooks, CI systems, OpenID providers and the keys of issuers.

From outside: ``requests`` (one request, short, without redirects), ``json_documents`` (an object in JSON), ``issuers``
(descriptions and keys of those who sign tokens) and ``addresses.AddressRules`` (which hosts and networks may be
called). An address is checked when its name is resolved, and the connection goes to that very address.
Begin reading with ``requests.py``.
"""
