"""The rules: pure functions by subject. No module here imports Pulumi."""
