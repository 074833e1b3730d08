"""A worker on a machine where something is wrong: `python -m tests.faults.odd_worker …`.

Its names are those under `.localhost`: all of them this machine, and none while a file
`dns-fails` is in the directory that the first argument names. It remembers them for a second. The second argument is how many
seconds ahead the machine's clock is. The rest is Celery's.
"""

import datetime  # noqa: ICN001  it is changed for all who import it
import socket
import sys
import time
from pathlib import Path

directory, ahead_seconds, *arguments = sys.argv[1:]
DNS_FAILS = Path(directory) / "dns-fails"
AHEAD = float(ahead_seconds)

look_up, clock, Datetime = socket.getaddrinfo, time.time, datetime.datetime


def look_up_here(host, *args, **options):
    if not str(host).endswith(".localhost"):
        return look_up(host, *args, **options)
    if DNS_FAILS.exists():
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    return look_up("127.0.0.1", *args, **options)


class Moments(type):
    """Those that others made are moments too."""

    def __instancecheck__(cls, moment):
        return isinstance(moment, Datetime)


class Ahead(Datetime, metaclass=Moments):
    """`datetime`, for all who import it after us."""

    @classmethod
    def now(cls, tz=None):
        return Datetime.fromtimestamp(time.time(), tz)


socket.getaddrinfo = look_up_here
if AHEAD:
    time.time = lambda: clock() + AHEAD
    datetime.datetime = Ahead

from celery.__main__ import main  # noqa: E402  what it imports sees the odd machine

from connections.exchange.egress import resolver  # noqa: E402

resolver.CACHE_SECONDS = 1.0

sys.argv = ["celery", *arguments]
main()
