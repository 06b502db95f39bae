"""Pure rules and data: standard library only, no files, no database, no clock."""
