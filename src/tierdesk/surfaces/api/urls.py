"""Everything below `/api/v1/`."""

from django.urls import path

from tierdesk.surfaces.api.service import api, nothing_here

_patterns, _app_name, _namespace = api.urls
app_name = "api"
urlpatterns = [*_patterns, path("<path:path>", nothing_here, name="nothing")]
