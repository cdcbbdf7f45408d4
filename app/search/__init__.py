"""MLflow's grammar of filters and orders, read into plain values and turned into SQL conditions; knows no table.

Features call ``parser.parse_filter`` and ``order.parse_order`` with one of the ``grammars``, turn what comes back
(``ast``) into conditions with ``sql``, and page with ``keyset``. Begin reading with ``ast.py``, then ``grammars.py``:
which keys there are and how each may be compared; ``lexer`` → ``token_reader`` → ``parser`` is the way of the text.
"""
