"""How gunicorn serves us, wherever it is started in this directory; it reads this by itself."""

import os

from referral_export.environment import Mode
from referral_export.logs import logging_settings

is_production = os.environ.get("REFERRAL_EXPORT_MODE") == Mode.PRODUCTION
logconfig_dict = logging_settings(Mode.PRODUCTION if is_production else Mode.DEVELOPMENT)
# We log each request ourselves, with its id (`RequestIdMiddleware`). Who switches gunicorn's
# access log on gets lines without the query, which can hold what somebody looked for.
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(B)s %(L)s'
# After SIGTERM what is being answered is answered to its end.
graceful_timeout = 30
