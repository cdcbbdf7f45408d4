"""Who owns files, held against deletion while something is done to them."""

from __future__ import annotations

from app.artifacts.artifacts import LockOwner, Root
from app.db.database import Tx
from app.tracking import candidates, logged_models


def lock(root: Root) -> LockOwner:
    """The step that locks the candidate or logged model of a root; it raises when that is not alive."""

    async def step(tx: Tx) -> object:
        if root.logged_model_id is not None:
            return await logged_models.lock_living(tx, root.project_id, root.logged_model_id)
        return await candidates.lock_living(tx, root.project_id, root.id)

    return step
