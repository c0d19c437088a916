"""``python -m paxsilica`` is the command ``paxsilica``."""

from paxsilica.cli import main

if __name__ == "__main__":
    main()
