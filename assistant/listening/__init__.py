"""From sound to what was said."""
