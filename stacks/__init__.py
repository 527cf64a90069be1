"""Wiring: from one typed stack configuration to components, in order. Creates no resource itself."""
