"""The `w2vplus` program, which is `python -m w2vplus` too."""

import signal
import sys


def main() -> None:
    """Load the command line and run it. To load takes a while, in which Ctrl-C ends the process without a traceback."""
    try:
        from w2vplus.cli import main as run
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    run()


if __name__ == "__main__":
    main()
