"""`python -m w2vplus`: the command line, as the `w2vplus` program."""

from w2vplus.cli import main

if __name__ == "__main__":
    main()
