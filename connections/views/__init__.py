"""The pages of connections: each view reads, makes one call, and renders."""
