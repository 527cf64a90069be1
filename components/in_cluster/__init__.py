"""Programs that run inside the platform's own Jobs: Python's standard library or a POSIX shell, nothing else."""
