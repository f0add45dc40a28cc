"""`assistant doctor`: every part tried for real, and a cure for each that fails. Called from the CLI, main thread."""
