"""The rules, pure functions by subject: nothing here imports Pulumi."""
