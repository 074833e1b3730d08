"""One HTTP exchange, from configuration to verdict; knows nothing of Django or the database."""
