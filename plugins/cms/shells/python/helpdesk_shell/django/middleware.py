"""Forms of the helpdesk that stand in pages of the site come in here, whatever view the page has."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.cache import patch_cache_control, patch_vary_headers

from helpdesk_shell.django import embedding


class HelpdeskMiddleware:
    """Hands forms on to the helpdesk, and keeps what people see of it out of caches that others share.

    It belongs at the end of `MIDDLEWARE`, behind the sessions, the accounts and the languages.
    """

    def __init__(self, get_response: "Callable[[HttpRequest], HttpResponse]") -> None:
        self.get_response = get_response
        self._csrf = CsrfViewMiddleware(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request."""
        response = self.get_response(request)
        if getattr(request, "_helpdesk_used", False):
            patch_cache_control(response, private=True, no_store=True)
            patch_vary_headers(response, ["Cookie"])
            status = getattr(request, "_helpdesk_status", 200)
            if response.status_code == 200 and status >= 400:
                response.status_code = status
        return response

    def process_view(
        self, request: HttpRequest, view: "Callable[..., Any]", args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Hand a form on, if it is one of the helpdesk's, before the page's own view is called."""
        if request.method != "POST" or embedding.PARAMETER not in request.GET:
            return None
        shell = embedding.shell_of(request)
        if shell is None:
            return None
        forged = self._csrf.process_view(request, _guarded, (), {})  # also where the view itself asks for no proof
        if forged is not None:
            return forged
        path, page = embedding.path_of(request), embedding.page_of(request)
        fields, uploads = embedding.entered(request)
        shown = shell.submit(path, page, fields, uploads)
        if shown.fragment is not None and shown.fragment.go is not None:
            answer = HttpResponseRedirect(embedding.address_of(page, shown.fragment.go))
            answer.status_code = 303
            return answer
        request._helpdesk_answer = (shown, max((value for _, value in fields), key=len, default=""))
        request._helpdesk_status = shown.fragment.status if shown.fragment else 503
        request.method = "GET"  # the page itself got no form; its view shows it with the answer in it
        return None


def _guarded(request: HttpRequest) -> HttpResponse:
    """Stand for a view that wants the proof."""
    raise AssertionError
