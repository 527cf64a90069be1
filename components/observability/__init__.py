"""What people see of the platform, and what wakes them: dashboards, alerts and objectives, generated from typed Python."""
