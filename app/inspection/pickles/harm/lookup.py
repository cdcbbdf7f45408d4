"""Whether a name does harm when it is called, and why."""

from __future__ import annotations

from functools import lru_cache

from app.inspection.pickles.harm.libraries import LIBRARIES
from app.inspection.pickles.harm.reasons import EVERY, FUNCTIONS
from app.inspection.pickles.harm.standard import STANDARD

HARM: dict[str, str] = {**LIBRARIES, **STANDARD}
ERRORS = ("Error", "Exception", "Warning", "Timeout", "Exit", "Interrupt")
"""How names of errors end: raising and keeping them does no harm."""


@lru_cache(maxsize=10_000)
def harm(module: str, name: str) -> str | None:
    """Why calling ``name`` of ``module`` does harm; None when no harm is known.

    A method or attribute of something harmful is harmful, too.
    """
    steps = name.split(".")
    full = f"{module}.{name}"
    while full.count(".") > module.count("."):
        if full in HARM:
            return HARM[full]
        full = full.rpartition(".")[0]
    return _family(module, steps[0])


def _family(module: str, first: str) -> str | None:
    if first.endswith(ERRORS):
        return None
    begins_small = first.lstrip("_")[:1].islower()
    while module:
        why = HARM.get(f"{module}.{EVERY}") or (HARM.get(f"{module}.{FUNCTIONS}") if begins_small else None)
        if why is not None:
            return why
        module = module.rpartition(".")[0]
    return None
