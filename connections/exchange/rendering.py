"""From configuration, attributes and secrets to a request, or to an error that says what to do."""

from connections.exchange.problems import ConfigProblem, RenderError
from connections.exchange.request import PreparedRequest, ShownRequest

__all__ = ["ConfigProblem", "PreparedRequest", "RenderError", "ShownRequest"]
