"""A Pulumi provider for RandomPassword and RandomString with the official inputs and outputs, except `bcryptHash`."""
