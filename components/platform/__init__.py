"""Cluster software that every service uses: certificates, the serving controller, the model store."""
