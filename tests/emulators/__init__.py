"""Makes the AWS resources of a recorded stack by AWS's own API on an emulator, reads them back, and deletes them."""
