"""What the pages of set-up requests call the items, their states and their choices."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from connections.setup_requests.answers import Item, ItemState, SetupAnswers

Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ItemWords:
    title: str
    help: str


ITEMS: Mapping[Item, ItemWords] = MappingProxyType(
    {
        Item.DOCUMENTATION: ItemWords(
            "API documentation",
            "How a subscriber or lead is created in your system. With this and a technical"
            " contact we can often begin.",
        ),
        Item.CONTACT: ItemWords(
            "Technical contact",
            "Who can tell us whether a test lead has arrived, and why a request was refused?",
        ),
        Item.ENDPOINTS: ItemWords(
            "Endpoints",
            "Where we send referrals to. Give a staging or testing address if you have one, so"
            " that no test reaches your live system.",
        ),
        Item.METHOD: ItemWords("Method", "Most systems take a POST."),
        Item.AUTHENTICATION: ItemWords(
            "Authentication",
            "How a request proves that it is ours. What you type as password, token, key or"
            " secret is encrypted at once; nobody can read it again, your account manager"
            " included.",
        ),
        Item.ENCODING: ItemWords("Body encoding", "How the body of a request is written."),
        Item.PARAMETERS: ItemWords(
            "Parameters",
            "What you call each of the facts that we can send. Leave out what you do not want.",
        ),
        Item.RESPONSES: ItemWords(
            "Expected responses",
            "What your system answers, and what it means, so that we can tell a lead that"
            " arrived from one that did not. Each answer becomes a test of what we set up.",
        ),
    }
)
STATES: Mapping[ItemState, str] = MappingProxyType(
    {
        ItemState.OPEN: "Not yet started",
        ItemState.ANSWERED: "Completed",
        ItemState.IN_EXAMPLE: "In your example",
        ItemState.UNKNOWN: "You do not know",
    }
)


@dataclass(frozen=True, slots=True)
class SetupChoices:
    methods: Choices = tuple((name, name) for name in ("POST", "PUT", "GET", "PATCH"))
    kinds: Choices = (
        ("none", "None"),
        ("basic", "User name and password"),
        ("bearer", "Bearer token"),
        ("api_key", "API key"),
        ("oauth2_client_credentials", "Client ID and secret (OAuth 2.0)"),
        ("other", "Something else"),
    )
    locations: Choices = (("header", "Header"), ("query", "Query parameter"))
    encodings: Choices = (
        ("json", "JSON"),
        ("form", "URL encoded"),
        ("multipart", "Multipart form"),
        ("text", "Plain text"),
        ("xml", "XML"),
        ("none", "No body"),
    )
    environments: Choices = (
        ("production", "Production"),
        ("staging", "Staging"),
        ("testing", "Testing"),
    )
    meanings: Choices = (
        ("", "Choose"),
        ("delivered", "The lead was created"),
        ("duplicate", "The lead is there already"),
        ("rejected", "The lead is refused"),
        ("retry", "Send it again later"),
        ("hold", "The set-up is wrong, the lead is fine"),
    )


CHOICES = SetupChoices()


@dataclass(frozen=True, slots=True)
class Task:
    """One line of the task list."""

    item: Item
    title: str
    state: ItemState
    word: str


def tasks(answers: SetupAnswers) -> list[Task]:
    return [
        Task(item, ITEMS[item].title, state, STATES[state])
        for item in Item
        for state in (answers.state_of(item),)
    ]
