"""Addresses of the pages that stand before any account."""

from django.contrib.auth.views import LogoutView
from django.urls import path
from django.views.generic import RedirectView

from accounts import views

app_name = "accounts"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="accounts:home"), name="root"),
    path("login/", views.SignIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("theme/", views.theme_choose, name="theme_choose"),
    path("accounts/", views.home, name="home"),
    path("accounts/switch", views.switch, name="switch"),
]
