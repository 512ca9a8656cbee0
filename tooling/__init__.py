"""What stands behind `bin/`: standard library only, so that it runs before any package is installed."""
