"""Alembic's entry: runs on the connection that `migrate.upgrade` hands over."""

from alembic import context
from sqlmodel import SQLModel

from smsbot.store import delivery_tables, tables

assert tables.Contact.__tablename__ == "contact"  # importing the tables fills the metadata
assert delivery_tables.Poll.__tablename__ == "poll"

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
