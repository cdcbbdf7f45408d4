"""Identity tokens of CI jobs (OpenID Connect): which ones a project trusts, and their exchange for project tokens.

The HTTP edge calls `token_exchange.exchange`; `app.ci.configuration` calls `trust` when settings are saved.
Begin with `token_exchange`; `claims` compares what was claimed; `app.outgoing.issuers` fetches and keeps public keys.
"""
