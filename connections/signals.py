"""What connections tell the apps above them, inside the transaction in which it happens."""

from django.dispatch import Signal

# Sent with account, connection and now: nothing new is sent to this connection.
connection_archived = Signal()
