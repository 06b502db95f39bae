"""A private PostgreSQL server from pip alone."""
