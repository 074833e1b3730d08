"""Templates to compile and render by themselves, with what a test does not care about filled in."""

from connections.exchange.language import Names, Template, open_scope, values_in_scope
from connections.exchange.language.dialects import TEXT
from tests.unit.connections.exchange.examples import make_context


def compiled(source, dialect=TEXT, *, custom=(), sees_request=False):
    names = Names(frozenset({"list_id"}), frozenset(custom), sees_request)
    return Template(source, dialect=dialect, names=names, place="/body/template")


def make_scope(attributes=None, *, custom=None, secrets=None):
    values = values_in_scope(
        context=make_context(attributes),
        variables={"list_id": "a1b2"},
        custom=custom or {},
        secrets=secrets or {"crm_key": "s3cret"},
        environment="production",
    )
    return open_scope(values)


def rendered(source, attributes=None, dialect=TEXT, limit=10_000, secrets=None):
    return compiled(source, dialect).render(make_scope(attributes, secrets=secrets), limit=limit)
