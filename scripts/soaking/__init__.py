"""What `scripts/soak` does: a room, a script of scenes, and the accounts of what became of each turn."""
