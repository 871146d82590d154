"""Tables, wherever they live: opened, and asked in SQL. Nothing here knows of expectations."""
