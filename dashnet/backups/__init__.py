"""Backups: both schemas in one file, made by pg_dump and loaded in one transaction."""
