"""The devices, one file each."""
