"""What `scripts/soak` is made of: a real server, clients that do everything, upstreams that fail, and a judge."""
