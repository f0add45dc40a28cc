"""Rooms of sound: the only ones that know the sound card and resampling."""
