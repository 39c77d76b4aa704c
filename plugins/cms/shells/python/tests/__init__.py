"""Tests of the framework-free part; `python -m unittest discover` in this folder's parent runs them."""
