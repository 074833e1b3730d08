"""The product's web process with one view more, which does nothing: the least that one costs."""

from django.urls import path
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import ApiToken
from referral_export import urls


class Empty(APIView):
    """Reads the token, as every view of the API, and answers 202."""

    def post(self, request: Request) -> Response:
        if not isinstance(request.auth, ApiToken):
            raise NotAuthenticated
        return Response({}, status=202)


urlpatterns = [path("api/v1/empty", Empty.as_view()), *urls.urlpatterns]
handler404 = urls.handler404
handler500 = urls.handler500
