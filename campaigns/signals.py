"""What campaigns tell the apps above them, inside the transaction in which it happens."""

from django.dispatch import Signal

# Sent with account, campaign, connection and now: nothing new comes over this link.
link_ended = Signal()
