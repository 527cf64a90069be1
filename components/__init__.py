"""What the platform is made of. A component never reads configuration, an environment variable or a global."""
