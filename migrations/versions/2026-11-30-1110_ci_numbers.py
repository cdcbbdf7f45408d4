"""trust in CI identities by the numbers of their project and its owner

Revision ID: 0016_ci_numbers
Revises: 0015_bot_names
Create Date: 2026-11-30 11:10:00
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016_ci_numbers"
down_revision = "0015_bot_names"
branch_labels = None
depends_on = None

NUMBER = "'^[1-9][0-9]{0,18}$'"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for name in ("identity_ci_project_id", "identity_ci_owner_id"):
        op.add_column("ci_settings", sa.Column(name, sa.Text(), nullable=True))
    keep_numbers()


def keep_numbers() -> None:
    """Numbers that a rule has already are kept; a rule by path alone has none, and is refused until it is given them.

    That a path means today what it meant when the rule was made cannot be known here.
    """
    by_number = "UPDATE ci_settings SET identity_ci_project_id = ci_project WHERE provider = 'gitlab' AND ci_project ~ "
    op.execute(by_number + NUMBER)
    for provider, column, claim in (
        ("gitlab", "identity_ci_project_id", "project_id"),
        ("gitlab", "identity_ci_owner_id", "namespace_id"),
        ("github", "identity_ci_project_id", "repository_id"),
        ("github", "identity_ci_owner_id", "repository_owner_id"),
    ):
        op.execute(
            f"UPDATE ci_settings SET {column} = identity_claims -> '{claim}' ->> 0"  # noqa: S608 - of constants
            f" WHERE provider = '{provider}' AND {column} IS NULL"
            f" AND jsonb_typeof(identity_claims -> '{claim}') = 'array'"
            f" AND jsonb_array_length(identity_claims -> '{claim}') = 1"
            f" AND identity_claims -> '{claim}' ->> 0 ~ {NUMBER}"
        )
