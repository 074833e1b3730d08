"""Django's PostgreSQL with a test of kept connections that costs no statement; named by ENGINE."""

import select

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def is_usable(self) -> bool:
        """Tell whether the server has left an idle connection; asked once in each request.

        A server that ends says so, or the socket says it: either is something to read, and on
        an idle connection there is nothing else. Where there is, a new connection is made.
        """
        if self.connection is None or self.connection.closed:
            return False
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return not poll.poll(0)
