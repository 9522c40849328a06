"""PostgreSQL: the embedded server, connections, named statements, migrations."""
