"""Waiting for objects: until they are ready, or gone, and saying why when they are not."""
