"""A Pulumi provider for Kubernetes with the official one's semantics, for the kinds and fields of a platform like ours.

State is written in the official provider's shape (`__inputs`, `__initialApiVersion`, `__fieldManager`), so a stack can change
from this plugin to the official one and back.
"""
