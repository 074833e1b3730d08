"""Addresses of the pages about what happens to referrals."""

from django.urls import path

from delivery.views import deliveries, overview, real_time, rules

app_name = "delivery"

LINK = "accounts/<slug:account>/real-time-referral/<uuid:connection_id>"
CONNECTION = "accounts/<slug:account>/integrations/connections/<uuid:connection_id>"

urlpatterns = [
    path("accounts/<slug:account>/", overview.account_overview, name="account_overview"),
    path(
        "accounts/<slug:account>/real-time-referral/",
        real_time.real_time_referral,
        name="real_time_referral",
    ),
    path(f"{LINK}/latest", real_time.latest_deliveries, name="latest_deliveries"),
    path(f"{LINK}/<uuid:campaign_id>/link", real_time.campaign_link, name="campaign_link"),
    path(f"{LINK}/<uuid:campaign_id>/unlink", real_time.campaign_unlink, name="campaign_unlink"),
    path(f"{CONNECTION}/waiting", deliveries.connection_waiting, name="connection_waiting"),
    path(f"{CONNECTION}/unmatched/", rules.unmatched_list, name="unmatched_list"),
    path(f"{CONNECTION}/history/", rules.backtest_show, name="backtest"),
    path(f"{CONNECTION}/history/relabel", rules.relabel, name="relabel"),
    path(f"{CONNECTION}/history/save-and-publish", rules.save_and_publish, name="save_and_publish"),
    path("accounts/<slug:account>/deliveries/", deliveries.delivery_list, name="delivery_list"),
    path(
        "accounts/<slug:account>/deliveries/<uuid:delivery_id>/",
        deliveries.delivery_detail,
        name="delivery_detail",
    ),
]
