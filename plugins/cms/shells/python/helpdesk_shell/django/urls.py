"""`path("helpdesk/", include("helpdesk_shell.django.urls"))`."""

from django.urls import path

from helpdesk_shell.django import views

app_name = "helpdesk"
urlpatterns = [
    path("sign-in/", views.sign_in, name="sign_in"),
    path("token/", views.token, name="token"),
    path("signed-out/", views.signed_out, name="signed_out"),
    path("answers/", views.answers, name="answers"),
    path("dashboard/", views.dashboard, name="dashboard"),
]
