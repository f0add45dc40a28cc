"""What `assistant bench` runs."""
