"""`python -m tierdesk.config` is the `tierdesk` command."""

import sys

from tierdesk.config.cli import main

sys.exit(main())
