"""Where the pages that browsers run lie once they are built: in the package itself, so that wheels carry them.

``app.web`` serves them. GraphQL knows the documents that they send: the build writes both into one folder.
"""

from __future__ import annotations

from pathlib import Path

import app

_PACKAGE = Path(app.__file__).parent
FOLDER = _PACKAGE / "web" / "built"
"""What the build writes, as a whole: it is there or it is not."""
DOCUMENTS = "documents.json"
"""The manifest of the documents that the pages send by their hash, in that folder."""
SOURCE = _PACKAGE.parent
"""The folder of the source, where this runs from one: there `web/` is what the pages are built from."""
