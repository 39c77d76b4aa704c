"""The form of the settings: the secret is never shown again, and an empty field keeps it."""

from typing import Any

from django import forms

from helpdesk_shell.django.models import Connection, problems_of


class KeepsSecret(forms.BaseModelForm):
    """For forms of models with the `ConnectionFields`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "secret" in self.fields:
            self.fields["secret"].widget = forms.PasswordInput(attrs={"autocomplete": "off"})

    def clean_secret(self) -> str:
        """Return what was entered, or what is stored."""
        return self.cleaned_data["secret"].strip() or self.instance.secret

    def clean(self) -> "dict[str, Any]":
        """Say beside each field what does not fit; a form that is empty says that there is no helpdesk yet."""
        entered: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and any(entered.get(name) for name in ("url", "site_key", "kid", "secret")):
            values = {name: entered.get(name) for name in ("url", "site_key", "kid", "secret", "timeout")}
            settings = type(self.instance)(**values).settings()
            for name, sentence in problems_of(settings).items():
                self.add_error(name, sentence)
        return entered


class ConnectionForm(KeepsSecret, forms.ModelForm):
    """The form in Django's admin."""

    class Meta:
        model = Connection
        fields = ("url", "site_key", "kid", "secret", "timeout", "widget")
