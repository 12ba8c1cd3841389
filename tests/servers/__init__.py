"""Real servers for the tests: each class starts one on loopback, waits for its own sign of life, and stops it.

The fixtures in ``tests/conftest.py`` are the way to use them; nothing here may be imported by the product.
"""
