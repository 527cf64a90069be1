"""What `pulumi up` of any stack would do, what the policies say of it, and what it would cost: `make preview`."""
