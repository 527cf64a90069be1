"""What runs in the cluster for every service: certificates, the serving controller, the model store."""
