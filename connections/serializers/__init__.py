"""What REST clients write and read: connections, drafts, attempts."""
