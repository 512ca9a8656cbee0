"""`python -m tierdesk.config`."""

from tierdesk.config.cli import main

main()
