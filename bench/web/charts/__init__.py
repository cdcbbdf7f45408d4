"""How fast charts draw and move: `python -m bench.web.charts` shows made-up curves in Chromium and measures them.

The page is served with the content policy of the product: a chart that needs more than that counts refusals.
Begin with ``__main__``; ``serving`` builds the page and hands it out.
"""
