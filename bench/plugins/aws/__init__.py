"""A simulation of the aws provider: it checks what a program declares and previews it; it never makes anything."""
