"""``python -m singularity_lab.cli`` is ``singlab``."""

from singularity_lab.cli import main

if __name__ == "__main__":
    main()
