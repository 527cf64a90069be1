"""Sources of third-party artifacts: the lock file, and the list for filling a mirror."""
