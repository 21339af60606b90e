"""Where Kannel brings texts, and where the suite sees that the site is up."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path
from rapidsms.backends.kannel.views import KannelBackendView


def up(_: HttpRequest) -> HttpResponse:
    return HttpResponse("up")


urlpatterns = [path("up", up), path("inbound", KannelBackendView.as_view(backend_name="kannel"))]
