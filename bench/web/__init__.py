"""How fast the pages are, beside those that `mlflow server` has of its own: in one browser, by turns, in one run.

`python -m bench.web` starts both servers with the same stock, opens the same tables in headless Chromium and prints
what it measured.
Begin with ``__main__``; ``views`` says which pages are opened, ``measures`` what is measured of them.
"""
