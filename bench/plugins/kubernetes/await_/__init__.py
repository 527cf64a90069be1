"""Waiting until objects are ready or gone, with the reasons if they are not."""
