"""The Unix socket over which the owner's commands reach the daemon: see `protocol`."""
