"""Webhooks of a project, the log of their deliveries, and the job that delivers.

Features above call `events.record` in the transaction of what happens; the edges call `webhooks`, `deliveries` and
`loaders`; workers call `dispatch.deliver`. `tables` is private to this package.
Begin with `events.record`: a delivery's row and its job are written there; `dispatch` makes the attempts, through
`client.WebhookClient`, never within a transaction.
"""
