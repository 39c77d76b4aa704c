"""The shells' own tests run in the environment of their sites; see `plugins/cms/tests/test_python_shells.py`."""

collect_ignore_glob = ["*/tests/*", "*/*/tests/*"]
