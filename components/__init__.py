"""Building blocks of the platform. A component never reads configuration, an environment variable or a global."""
