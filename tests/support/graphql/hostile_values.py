"""Values that no client in its right mind sends, for every kind of input."""

from __future__ import annotations

TEXTS: list[str] = [
    "", " ", "a", "0", "-1", "1.0.0", "9" * 18, "9" * 40, "x" * 300, "x" * 20_000, "\u00e9" * 4_000,
    "\x00", "a\x00b", "\x1b[2J", "\r\n", "\u202eabc", "\u200b", "\ufeff", "\U0001f600", "\u0663", "\u0130", "e\u0301",
    "\ud800", "a\udfffb", "%", "_%", "\\", "'", '"', "`", "'; DROP TABLE models; --", "<script>alert(1)</script>",
    "../../etc/passwd", "/", "//", "a/../b", ".", "..", "None", "null", "{}", "[[[", "[]", "$1", "${x}", "{{7*7}}",
    "@", "@champion", "^", "^1", "~1.2.0", "1.x", ">=1,<", "#", "#1", "#" + "9" * 30, "stage:", "latest", "v1.0.0",
    "name = 'a'", "metrics.a > 1e999", "metrics.a > 'b'", "tags.`a` LIKE '%'", 'params."a" IN ()', "attributes.",
    "(" * 400, "NOT " * 600 + "metrics.a > 1", " OR ".join(["metrics.a > 1"] * 300), "metrics.a DESC", "x ASC DESC",
    "eyJvZmZzZXQiOiAxfQ==", "WyJhIiwxXQ", "W10", "bnVsbA", "AAAA", "=", "TW9kZWw6", "TW9kZWw6LTE6MQ",
    "2020-02-30T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-12:00", "infinity", "now",
    "http://[::1", "https://", "file:///etc/passwd", "https://127.0.0.1:99999/", "https://u:p@127.0.0.1:9/",
    "http://169.254.169.254/", "https://0x7f000001:9/", "javascript:alert(1)", "NaN", "-0", "true", "0" * 64,
    "-" * 36, "00000000-0000-0000-0000-000000000000", "urn:uuid:00000000-0000-0000-0000-000000000000",
]  # fmt: skip
"""No address here leads out of this machine: webhooks are sent to what stands here."""
INTEGERS = [0, 1, -1, 7, 101, 1_001, 2**31 - 1, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), 10**30]
NUMBERS = [0, -0.0, 1.5, 1e308, -1e308, 5e-324, 2**63, "NaN", "Infinity", "-Infinity", "nan", "1e5", 10**400]
TIMES = ["2099-01-01T00:00:00Z", "2020-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "", "x", "1"]
DEEP: list[object] = [None]
for _ in range(200):
    DEEP = [{"a": DEEP}]
SHAPES: list[object] = [None, True, [], {}, [None], [[]], [{}], {"": None}, {"id": None}, ["a"], 1.5, 10**30, "", DEEP]
"""What stands where a value of another shape is expected."""
