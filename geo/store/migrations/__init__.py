"""Steps of the stored schema, run by Alembic when a store is opened."""
