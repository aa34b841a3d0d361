"""`python -m gapstudy`."""

from gapstudy.cli import main

if __name__ == "__main__":
    main()
