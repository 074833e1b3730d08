"""The tags of our templates; settings make them known to all, so that no page loads them."""
