"""Where third-party artifacts come from: the lock file, and the list to fill a mirror with."""
