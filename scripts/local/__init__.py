"""The driver behind `make up` and `make down`: from a bare machine, or from a cluster of one's own, to a running platform.

It joins three things that know nothing of each other: a cluster (the bench's or the user's), the images of this
repository, and the Pulumi program. What the user brings (KUBECONFIG, PULUMI_BACKEND_URL, a passphrase, `pulumi`) always wins.
"""
