"""Alembic's entry: runs on the connection that dashnet.database.migrate hands over."""

from alembic import context

schema = context.config.attributes["schema"]
context.configure(connection=context.config.attributes["connection"], version_table_schema=schema)
with context.begin_transaction():
    context.run_migrations()
