"""A simulation of the aws provider: it checks and previews a program's resources and never creates anything."""
