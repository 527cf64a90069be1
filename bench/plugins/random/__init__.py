"""A Pulumi provider for RandomPassword and RandomString with the official one's inputs and outputs, except `bcryptHash`."""
