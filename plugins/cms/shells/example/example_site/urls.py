"""The addresses of both sites; the CMS has the rest."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path
from django.views.generic import TemplateView

urlpatterns = [
    path("django-admin/", admin.site.urls),
    path("login/", LoginView.as_view(template_name="example_site/login.html"), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("account/", login_required(TemplateView.as_view(template_name="example_site/account.html")), name="account"),
    path("comments/", include("django_comments.urls")),
    path("helpdesk/", include("helpdesk_shell.django.urls")),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
]
if settings.MADE_WITH == "wagtail":
    from wagtail import urls as wagtail_urls
    from wagtail.admin import urls as wagtailadmin_urls

    urlpatterns += [path("admin/", include(wagtailadmin_urls)), path("", include(wagtail_urls))]
else:
    urlpatterns += [path("", include("cms.urls"))]
