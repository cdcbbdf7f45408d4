"""Signing in with OpenID Connect: authorization code with PKCE, at the providers that the settings name.

From outside: ``sign_in`` (begin, complete), ``identities`` (whose they are), ``password_sign_in`` (whether passwords
are accepted beside it), ``providers.OpenIdProviders`` (one of each process). ``configuration`` reads the file of
providers, ``sign_in_requests`` keeps what is under way, ``conversation`` speaks with a provider, ``id_tokens`` checks
what it signed, ``claims`` reads what it tells of a person, ``accounts`` finds or makes the person,
``rule_memberships`` gives the roles of its groups.
Begin with ``sign_in``.
"""
