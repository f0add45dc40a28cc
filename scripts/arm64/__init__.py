"""What scripts/test-arm64 runs: the assistant's engines on an emulated Raspberry Pi, compared with this machine's."""
