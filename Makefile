# What a newcomer and the build server type. Everything happens in .venv and var/.
.PHONY: help run test check bench faults chromium
.DEFAULT_GOAL := help

# Of test, bench and faults: which, and how.
ARGS ?=
PYTHON := .venv/bin/python
PIP_INSTALL := $(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action ignore --require-hashes --no-deps
PACKAGES := accounts campaigns connections delivery referral_export
# Checks need settings, and neither servers nor a developer's keys.
TEST_MODE := REFERRAL_EXPORT_MODE=test
# Complete and worthless: what production wants to see before `check --deploy` looks further.
PRODUCTION_MODE := REFERRAL_EXPORT_MODE=production ALLOWED_HOSTS=referrals.example.com \
	SECRET_KEY=check-only-9f2b71c4e8a05d36-7c1e94b2d8f0a653-protects-nothing \
	ENCRYPTION_KEYS=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
	DATABASE_URL=postgresql://app@127.0.0.1/referral_export REDIS_URL=redis://127.0.0.1/0 \
	EMAIL_URL=smtp://127.0.0.1 EMAIL_FROM=referrals@example.com

help:
	@echo "make run     start everything and print the address; PORT=8123 make run for another port"
	@echo "make test    all tests; ARGS='tests/unit -k retry' make test for some"
	@echo "make check   format, lint, types, import rules, templates, migrations, deployment settings"
	@echo "make faults  one fault at a time while 5,000 referrals flow: ten minutes, prints a table"
	@echo "make bench   how fast the engine is; ARGS='growth latency' make bench for some rows, ARGS=full for long"

run: .venv/installed
	@exec $(PYTHON) manage.py up

test: .venv/installed-dev chromium
ifdef ARGS
	@$(PYTHON) -m pytest $(ARGS)
else
	@$(PYTHON) -m pytest -p tests.side_by_side -n 2 --no-loadscope-reorder -m "not alone"; beside=$$?; \
	$(PYTHON) -m pytest -m alone && exit $$beside
endif

check: .venv/installed-dev
	@$(PYTHON) -m ruff format --check --quiet .
	@$(PYTHON) -m ruff check --quiet .
	@$(PYTHON) -m mypy $(PACKAGES) manage.py
	@.venv/bin/lint-imports
	@find templates -name '*.html' -exec .venv/bin/djade --check --target-version 5.2 {} +
	@find templates -name '*.html' -exec .venv/bin/djhtml --check {} +
	@$(TEST_MODE) $(PYTHON) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run
	@$(PRODUCTION_MODE) $(PYTHON) manage.py check --deploy --fail-level WARNING

bench: .venv/installed-dev
	@$(PYTHON) -m bench $(ARGS)

faults: .venv/installed-dev
	@FAULTS_REFERRALS=5000 $(PYTHON) -m pytest tests/faults/test_faults.py $(ARGS)

.venv/installed: requirements.txt .venv/pyvenv.cfg
	@echo "Installing the locked packages into .venv."
	@$(PIP_INSTALL) --requirement requirements.txt
	@touch $@

.venv/installed-dev: requirements-dev.txt .venv/pyvenv.cfg
	@echo "Installing the locked packages for tests and checks into .venv."
	@$(PIP_INSTALL) --requirement requirements-dev.txt
	@touch $@

.venv/pyvenv.cfg:
	@for python in python3 python3.14 python3.13 python3.12 python3.11; do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			exec $$python -m venv .venv; \
		fi; \
	done; \
	echo "Python 3.11 or newer is needed and not on the PATH: install it, then try again." >&2; \
	exit 1

# The browser tests drive Debian's own Chromium.
chromium:
	@command -v chromium >/dev/null && exit 0; \
	if [ "$$(id -u)" = 0 ]; then as_root=; else as_root="sudo -n"; fi; \
	echo "Installing Chromium for the browser tests."; \
	{ $$as_root apt-get update -qq && $$as_root apt-get install -y -qq chromium; } >/dev/null || { \
		echo "The browser tests need Chromium: install the package chromium, then try again." >&2; \
		exit 1; \
	}
