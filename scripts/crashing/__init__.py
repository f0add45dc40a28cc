"""What `scripts/crash` does: lives that are ended, and what was promised in them."""
