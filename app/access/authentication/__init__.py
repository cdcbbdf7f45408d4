"""Who a request's secret speaks for, and the cache that keeps this from costing two statements each time.

Outside callers use `authenticator.Authenticator`; `policy.Actor.cache` is the `access_cache.RequestCache` of a request.
Begin with `epoch`, which says when a cached entry ends, then read `access_cache`.
"""
