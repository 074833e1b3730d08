"""What connections tell the apps above them, inside the transaction in which it happens."""

from django.dispatch import Signal

# Sent with account, connection and now: nothing new is sent to this connection.
connection_archived = Signal()

# Sent with connection: another version went live, a secret or a custom field that the live version
# sends was changed, or somebody asked for it to be tried again. If it was refused, it may work.
connection_mended = Signal()

# Sent with connection: a test of its live version passed in production. It works.
connection_proven = Signal()
