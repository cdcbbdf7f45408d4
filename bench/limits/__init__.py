"""What this machine reaches without any of our code: PostgreSQL, the store and the web server by themselves."""
