"""names of bots that tell nobody of which project or group they are

Revision ID: 0015_bot_names
Revises: 0014_file_or_folder
Create Date: 2026-11-30 11:00:00
"""

from __future__ import annotations

from alembic import op

revision = "0015_bot_names"
down_revision = "0014_file_or_folder"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Their random part stays, so that they can be told apart as before."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(
        "UPDATE users SET username = 'bot_' || right(username, 16)"
        " WHERE is_bot AND username ~ '^(project|group)_[0-9]+_bot_[0-9a-f]{16}$'"
    )
