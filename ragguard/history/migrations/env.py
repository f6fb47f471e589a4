"""What Alembic runs: the migrations, on the connection and in the transaction that it is given."""

from alembic import context

from ragguard.history.schema import VERSIONS, metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, version_table=VERSIONS)
context.run_migrations()
