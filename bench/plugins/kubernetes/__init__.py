"""A Pulumi provider for Kubernetes with the official provider's semantics, for the kinds and fields that this platform uses.

State has the official provider's shape (`__inputs`, `__initialApiVersion`, `__fieldManager`), so a stack can change
from this plugin to the official one and back.
"""
