"""Preview of `pulumi up` of any stack, with its policy violations and its cost: `make preview`."""
