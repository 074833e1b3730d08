"""What connections tell the apps above them, inside the transaction in which it happens."""

from django.dispatch import Signal

# Sent with account, connection and now: nothing new is sent to this connection.
connection_archived = Signal()

# Sent with connection and now: it, a secret or a custom field of it was changed, somebody asked
# for it to be tried again, or a test of its live version passed. If it was refused, it may work.
connection_mended = Signal()
