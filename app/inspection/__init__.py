"""What a file says of itself, and whether it is dangerous to load. Knows no database and no protocol."""
