"""Wires components in order from one typed stack configuration. Creates no resource itself."""
