"""What in a template could tell a secret."""

from jinja2 import nodes

from connections.exchange.language.scope import REQUEST, SECRETS, flat_name

SET_CONFIDENTIAL = "_secret_"
"""What the names begin with, in a checked tree, that something confidential is set to."""

_OF_SECRETS = flat_name(SECRETS, "")
_CONFIDENTIAL = (_OF_SECRETS, flat_name(REQUEST, ""), SET_CONFIDENTIAL)


def secret_names(tree: nodes.Node) -> frozenset[str]:
    """Return the names of the secrets that a checked tree, or a part of one, refers to."""
    return frozenset(
        name.removeprefix(_OF_SECRETS) for name in names_in(tree) if name.startswith(_OF_SECRETS)
    )


def is_confidential(tree: nodes.Node) -> bool:
    """Say whether a checked tree could print a secret: the request may hold some too."""
    return any(name.startswith(_CONFIDENTIAL) for name in names_in(tree))


def set_confidentially(tree: nodes.Template) -> frozenset[str]:
    """Return the names that something confidential is set to anywhere in a tree not yet checked.

    Their order does not matter, so what is set to such a name before that happens counts as well.
    """
    sets = [(names_in(one.target), names_in(one.node)) for one in tree.find_all(nodes.Assign)]
    found, before = frozenset({SECRETS, REQUEST}), frozenset[str]()
    while found != before:
        before = found
        found = found.union(*(targets for targets, names in sets if not before.isdisjoint(names)))
    return found


def names_in(tree: nodes.Node) -> frozenset[str]:
    """Return the names that a tree, or a part of one, refers to; flat ones in a checked tree."""
    own = [tree] if isinstance(tree, nodes.Name) else []
    return frozenset(node.name for node in (*own, *tree.find_all(nodes.Name)))
