"""How `make test` shares the tests out between its runners: a file, and the browser's, to one.

What the tests of a file share is dear to make: the running product, servers, a browser.
"""

from xdist.scheduler import LoadScopeScheduling

BROWSER = "tests/browser/"


class FileScheduling(LoadScopeScheduling):
    def _split_scope(self, nodeid):
        return BROWSER if nodeid.startswith(BROWSER) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config, log):
    return FileScheduling(config, log)
