"""CI jobs that produced candidates and versions, the project's CI settings, and identities of CI jobs.

Features above call `job_links` in the transaction that writes tags; the edges call `configuration`, `jobs`, `loaders`,
`hooks` and `identities.token_exchange`; workers call `polling.follow` and `awaiting_settings.pick_up_all`.
`tables` is private to this package; only `client.CiClient` opens stored secrets and calls a CI system.
Begin with `job_links` (how a link is made), then `polling` (how a job is followed to its end).
"""
