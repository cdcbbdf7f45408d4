"""The two faults that need no lease to run out, at every moment; `make faults` tries all of them."""

from __future__ import annotations

from tests.faults import matrix


async def test_nothing_acknowledged_is_lost(tmp_path):
    report = await matrix.run(tmp_path, 1, matrix.QUICK_ROWS, matrix.QUICK_COLUMNS)
    assert report.is_good, str(report)
