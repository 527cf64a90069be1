"""The driver behind `make up` and `make down`: from a bare machine, or from the user's own cluster, to a running platform.

It joins three things that do not depend on each other: a cluster (the bench's or the user's), the images of this
repository, and the Pulumi program. The user's own settings (KUBECONFIG, PULUMI_BACKEND_URL, a passphrase, `pulumi`) always win.
"""
