"""Django's commands; `DJANGO_SETTINGS_MODULE` is `example_site.wagtail_settings` or `….djangocms_settings`."""

import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
