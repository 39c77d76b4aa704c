"""The shell's own addresses below `/helpdesk/`."""

from urllib.parse import urlencode

from django.apps import apps
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from helpdesk_shell import AnswerRefused, make_token, read_answer
from helpdesk_shell.django import conf
from helpdesk_shell.django.people import person_of
from helpdesk_shell.django.signing_out import keep, sid_of


@require_GET
@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    """Go to the helpdesk signed in: the token is made now, and is good for a minute and once."""
    settings, person = conf.connection(request), person_of(request)
    if settings is None:
        return _not_connected(request)
    if person is None:
        return redirect_to_login(request.get_full_path())
    sid = sid_of(request)
    token = make_token(settings, "sign-in", person, sid=sid)
    given = {"token": token, "next": request.GET.get("next", "/")[:1000]}
    answer = HttpResponseRedirect(f"{settings.address('sign-in')}?{urlencode(given)}")
    answer["Referrer-Policy"] = "no-referrer"
    keep(answer, request, sid)
    return answer


@require_GET
@never_cache
def token(request: HttpRequest) -> HttpResponse:
    """Give a page of this site a token for a frame; other sites cannot read the answer."""
    settings = conf.connection(request)
    if settings is None:
        return JsonResponse({"detail": _("This site is not connected to a helpdesk yet.")}, status=503)
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return JsonResponse({"detail": _("This is for pages of this site only.")}, status=403)
    ip = request.META.get("REMOTE_ADDR", "")
    person = person_of(request)
    sid = sid_of(request) if person else ""
    answer = JsonResponse({"token": make_token(settings, "frame", person, ip=ip, sid=sid)})
    if sid:
        keep(answer, request, sid)
    return answer


@require_GET
@never_cache
def signed_out(request: HttpRequest) -> HttpResponse:
    """Log out who signed out of the helpdesk; it sends browsers on to here."""
    if request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate":  # not a picture in somebody's page
        logout(request)
    return HttpResponseRedirect("/")


@csrf_exempt
@require_POST
def answers(request: HttpRequest) -> HttpResponse:
    """Take an answer to a comment; its signature is the proof."""
    settings = conf.connection(request)
    if settings is None or not apps.is_installed("django_comments"):
        return JsonResponse({"detail": "This site takes no answers."}, status=404)
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        answer = read_answer(settings, headers, request.body)
    except AnswerRefused as error:
        return JsonResponse({"posted": False, "detail": str(error)}, status=error.status)
    from helpdesk_shell.django.comments import post_answer

    # One that came before is well received: the helpdesk did not hear so, and need not try again.
    return JsonResponse({"posted": post_answer(answer)})


@login_required
@permission_required("helpdesk_shell.see_dashboard", raise_exception=True)
@never_cache
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show what waits in the helpdesk."""
    return render(request, "helpdesk_shell/dashboard_page.html")


def _not_connected(request: HttpRequest) -> HttpResponse:
    answer = render(request, "helpdesk_shell/not_connected.html", status=503)
    add_never_cache_headers(answer)
    return answer
