"""Pulumi provider plugins that stand in where the official ones cannot be downloaded; the official ones always win."""
