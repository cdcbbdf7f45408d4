"""Counters that several processes share, summed by whichever of them answers a scrape.

The metrics library shares counters through mapped files. A page of such a file that the disk has no room for ends the
process that touches it with SIGBUS, in the middle of a request, and so a full disk took the API down. Nothing that is
counted is worth a file: here the parent maps anonymous memory before it forks, and each child writes into a slot of
its own. No disk is involved, nothing is left behind, and a child that is started again goes on where the last one in
its slot ended.
"""

from __future__ import annotations

import json
import mmap
import struct
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import NamedTuple

from prometheus_client import REGISTRY as PROCESS_REGISTRY
from prometheus_client import CollectorRegistry, Metric, multiprocess, values
from prometheus_client.utils import floatToGoString

SLOT_BYTES = 1024 * 1024
"""Memory of one process; only pages that are used are taken."""
_LENGTH = struct.Struct("<q")
_AMOUNT = struct.Struct("<dd")
_LABELS = tuple[tuple[str, str], ...]
_GAUGES = ("livesum", "mostrecent")

_lock = Lock()
_memory: list[mmap.mmap] = []
_values: list[SharedValue] = []
_mine: Slot | None = None


def share(processes: int) -> None:
    """Map memory for so many children of this process. Call it before the first counter is made."""
    _memory[:] = [mmap.mmap(-1, SLOT_BYTES) for _ in range(processes)]
    values.ValueClass = SharedValue  # the library's own way to choose: it asks this name for every counter


def take(index: int) -> None:
    """Count into this slot from now on; what the process before this one has counted there stays, gauges do not."""
    global _mine  # noqa: PLW0603 - a process has one slot, or, alone, none
    _mine = Slot(_memory[index])
    for value in _values:
        value.begin()


def registry() -> CollectorRegistry:
    """What all processes have counted, where they share it, else this one.

    Where ``PROMETHEUS_MULTIPROC_DIR`` is set for processes that were started one by one, the library's files
    in that directory are read; it should be in memory.
    """
    shared = CollectorRegistry()
    if _mine is not None:
        shared.register(_Sum(_memory))
        return shared
    try:
        multiprocess.MultiProcessCollector(shared)  # type: ignore[no-untyped-call] # the library has no types here
    except ValueError:  # the variable is not set: one process only
        return PROCESS_REGISTRY
    return shared


class Slot:
    """Records of one process: the length of a name, the name, an amount and its time. There is one writer.

    The number of bytes in use stands at the beginning and is written last, so readers see whole records.
    """

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory = memory
        self._offsets = dict(_records(memory))

    def offset(self, name: str) -> int | None:
        """Where in the memory the amount of this name is; None when the memory is used up."""
        if name not in self._offsets:
            encoded = name.encode()
            used = _used(self._memory)
            amount = used + _LENGTH.size + len(encoded)
            if amount + _AMOUNT.size > len(self._memory):
                return None
            _LENGTH.pack_into(self._memory, used, len(encoded))
            self._memory[used + _LENGTH.size : amount] = encoded
            _AMOUNT.pack_into(self._memory, amount, 0.0, 0.0)
            _LENGTH.pack_into(self._memory, 0, amount + _AMOUNT.size)
            self._offsets[name] = amount
        return self._offsets[name]

    def read(self, offset: int) -> float:
        """The amount at an offset."""
        amount: float = _AMOUNT.unpack_from(self._memory, offset)[0]
        return amount

    def write(self, offset: int, amount: float, time: float) -> None:
        """Replace the amount at an offset, and its time (seconds since 1970)."""
        _AMOUNT.pack_into(self._memory, offset, amount, time)


class SharedValue:
    """One number of a counter, gauge or histogram; the library's interface for such a thing (``values.py``)."""

    _multiprocess = True

    def __init__(
        self,
        typ: str,
        metric_name: str,
        name: str,
        labelnames: Sequence[str],
        labelvalues: Sequence[str],
        help_text: str,
        multiprocess_mode: str = "",
        **_others: object,
    ) -> None:
        if typ == "gauge" and multiprocess_mode not in _GAUGES:
            raise ValueError(f"{name} has the mode {multiprocess_mode!r}; a gauge must be one of {', '.join(_GAUGES)}.")
        labels = dict(zip(labelnames, labelvalues, strict=True))
        self._is_live = multiprocess_mode == "livesum"
        self._name = json.dumps([metric_name, typ, help_text, multiprocess_mode, name, labels])
        self._amount = 0.0
        self._offset: int | None = None
        with _lock:
            _values.append(self)
            if _mine is not None:
                self._bind(_mine)

    def begin(self) -> None:
        """Go on from what stands in the slot that has just been taken."""
        with _lock:
            if _mine is not None:
                self._bind(_mine)
                if self._is_live:
                    self._keep(0.0, 0.0)

    def inc(self, amount: float) -> None:
        with _lock:
            self._keep(self._amount + amount, 0.0)

    def set(self, value: float, timestamp: float | None = None) -> None:
        with _lock:
            self._keep(value, timestamp or 0.0)

    def get(self) -> float:
        with _lock:
            return self._amount

    def set_exemplar(self, _exemplar: object) -> None:
        """Exemplars are not shared."""

    def get_exemplar(self) -> None:
        """Exemplars are not shared."""

    def _bind(self, slot: Slot) -> None:
        self._offset = slot.offset(self._name)
        self._amount = 0.0 if self._offset is None else slot.read(self._offset)

    def _keep(self, amount: float, time: float) -> None:
        self._amount = amount
        if _mine is not None and self._offset is not None:
            _mine.write(self._offset, amount, time)


class _Sample(NamedTuple):
    name: str
    labels: _LABELS


class _Sum:
    """All slots together, as the library wants to collect it."""

    def __init__(self, memory: Sequence[mmap.mmap]) -> None:
        self._memory = memory

    def collect(self) -> Iterator[Metric]:
        metrics: dict[tuple[str, str, str, str], dict[_Sample, list[tuple[float, float]]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for memory in self._memory:
            for record, offset in _records(memory):
                metric_name, typ, help_text, mode, name, labels = json.loads(record)
                sample = _Sample(name, tuple(sorted(labels.items())))
                metrics[metric_name, typ, help_text, mode][sample].append(_AMOUNT.unpack_from(memory, offset))
        for (name, typ, help_text, mode), samples in metrics.items():
            metric = Metric(name, help_text, typ)
            sums = {sample: _together(mode, amounts) for sample, amounts in samples.items()}
            for sample, amount in (_cumulated(name, sums) if typ == "histogram" else sums).items():
                metric.add_sample(sample.name, dict(sample.labels), amount)
            yield metric


def _together(mode: str, amounts: Sequence[tuple[float, float]]) -> float:
    if mode == "mostrecent":
        return max(amounts, key=lambda amount: amount[1])[0]
    return sum(amount for amount, _ in amounts)


def _cumulated(name: str, sums: Mapping[_Sample, float]) -> dict[_Sample, float]:
    """Buckets are kept one by one and told cumulatively, with their count (Prometheus exposition format)."""
    cumulated: dict[_Sample, float] = {}
    buckets: dict[_LABELS, list[tuple[float, float]]] = defaultdict(list)
    for sample, amount in sums.items():
        upper = dict(sample.labels).get("le")
        if upper is None:
            cumulated[sample] = amount
        else:
            buckets[tuple(label for label in sample.labels if label[0] != "le")].append((float(upper), amount))
    for labels, amounts in buckets.items():
        total = 0.0
        for bound, amount in sorted(amounts):
            total += amount
            upper = floatToGoString(bound)  # type: ignore[no-untyped-call] # the library has no types here
            cumulated[_Sample(f"{name}_bucket", (*labels, ("le", upper)))] = total
        cumulated[_Sample(f"{name}_count", labels)] = total
    return cumulated


def _used(memory: mmap.mmap) -> int:
    used: int = _LENGTH.unpack_from(memory, 0)[0]
    return used or _LENGTH.size


def _records(memory: mmap.mmap) -> Iterator[tuple[str, int]]:
    """Each name, and the offset of its amount."""
    offset, end = _LENGTH.size, _used(memory)
    while offset < end:
        (length,) = _LENGTH.unpack_from(memory, offset)
        amount = offset + _LENGTH.size + length
        yield bytes(memory[offset + _LENGTH.size : amount]).decode(), amount
        offset = amount + _AMOUNT.size
