"""The edge of command lines that sign in by a browser: the device flow of OAuth 2.0 (RFC 8628).

`edge.EDGE` has its two calls and the errors of RFC 6749 §5.2. People confirm at `/device` (app.pages.devices).
"""
