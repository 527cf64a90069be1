"""Pulumi provider plugins for machines that cannot download the official ones; an official plugin always wins."""
