"""The devices, one file each, with a record ``DEVICE``; the files without one hold what several
devices share."""
