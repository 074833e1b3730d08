"""How many referrals a second are accepted, one by one and in lists."""

from bench.figures import Figure, Sizes, in_turns
from bench.stage import Stage, add_campaigns
from bench.web import EMPTY, REFERRALS, Web, lists, running_web, singles

LIST_SIZE = 500
WARM_UP = 40
FEWEST = 2 * LIST_SIZE


def measure_intake(stage: Stage, sizes: Sizes) -> list[Figure]:
    """Compare a POST of one referral with one to a view that only reads the token."""
    _add_silent_campaign(stage)
    with running_web(stage) as web:
        _rate(web, EMPTY, WARM_UP)
        _rate(web, REFERRALS, WARM_UP)
        rounds = in_turns(
            sizes.rounds,
            lambda: _rate(web, REFERRALS, sizes.posts),
            lambda: _rate(web, EMPTY, sizes.posts),
        )
    return [rounds.ratio("POST of one referral / POST to an empty view", at_least=0.4)]


def measure_lists(stage: Stage, sizes: Sizes) -> list[Figure]:
    """Compare lists of 500 with one referral per POST."""
    _add_silent_campaign(stage)
    with running_web(stage) as web:
        _rate(web, REFERRALS, WARM_UP)
        _rate_in_lists(web, FEWEST)
        rounds = in_turns(
            sizes.rounds,
            lambda: _rate_in_lists(web, max(sizes.listed, FEWEST)),
            lambda: _rate(web, REFERRALS, sizes.posts),
        )
    return [rounds.ratio("referrals in lists of 500 / one per POST", at_least=15.0)]


def _rate(web: Web, path: str, count: int) -> float:
    return count / web.post_all(path, singles("intake-0", count))


def _rate_in_lists(web: Web, count: int) -> float:
    return count / web.post_all(REFERRALS, lists("intake-0", count, size=LIST_SIZE))


def _add_silent_campaign(stage: Stage) -> None:
    """Add a campaign with a delivery for each referral; nothing is sent."""
    if not stage.connections("intake").exists():
        add_campaigns(stage, "intake")
    stage.hold("intake")
