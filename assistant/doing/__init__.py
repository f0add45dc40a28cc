"""What it can do without being clever: commands, understood by sentence templates and carried out by code."""
