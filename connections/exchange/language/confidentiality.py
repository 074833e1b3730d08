"""What in a checked template could tell a secret."""

from jinja2 import nodes

from connections.exchange.language.scope import REQUEST, SECRETS, flat_name


def secret_names(tree: nodes.Node) -> frozenset[str]:
    """Return the names of the secrets that a checked tree, or a part of one, refers to."""
    prefix = flat_name(SECRETS, "")
    return frozenset(
        name.removeprefix(prefix) for name in names_in(tree) if name.startswith(prefix)
    )


def is_confidential(tree: nodes.Node) -> bool:
    """Say whether a checked tree could print a secret: the request may hold some too."""
    prefixes = (flat_name(SECRETS, ""), flat_name(REQUEST, ""))
    return any(name.startswith(prefixes) for name in names_in(tree))


def names_in(tree: nodes.Node) -> frozenset[str]:
    """Return the flat names that a checked tree, or a part of one, refers to."""
    own = [tree] if isinstance(tree, nodes.Name) else []
    return frozenset(node.name for node in (*own, *tree.find_all(nodes.Name)))
