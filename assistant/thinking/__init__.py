"""From what was said to the sentences of a reply."""
