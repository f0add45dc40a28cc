"""A virtual machine with a sound card, in which the assistant is installed and meets what breaks a device."""
