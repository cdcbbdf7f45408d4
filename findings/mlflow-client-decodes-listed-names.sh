#!/bin/sh
# MLflow's client decodes the names that a server lists once more than JSON does. Names with a percent sign and two
# hexadecimal digits, such as those of log_image(key=..., step=...) before 3.17, come out as others,
# so that a file which has just been listed is asked for by a name that it does not have.
# Needs python3 with venv and a package index; takes minutes. Ends with 1 when a client behaves otherwise.
set -eu
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cat > "$place/ask.py" <<'PYTHON'
import json, sys, threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import mlflow
from mlflow.store.artifact.http_artifact_repo import HttpArtifactRepository

NAMES = ["curve%step%0%timestamp%1712345678901%4f2f5b20.png", "100%41.txt"]


class Listing(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"files": [{"path": name, "is_dir": False, "file_size": 1} for name in NAMES]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Listing)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}/api/2.0/mlflow-artifacts/artifacts/0"
listed = [one.path for one in HttpArtifactRepository(address).list_artifacts()]
for name, seen in zip(sorted(NAMES), listed):
    print(f"mlflow {mlflow.__version__}: the server lists {name!r}, the client {seen!r}")
sys.exit(listed == sorted(NAMES))
PYTHON
for version in 2.16.2 3.9.0 3.17.2; do
    python3 -m venv "$place/$version"
    "$place/$version/bin/pip" install -q --disable-pip-version-check "mlflow-skinny==$version"
    MLFLOW_DISABLE_TELEMETRY=true GIT_PYTHON_REFRESH=quiet "$place/$version/bin/python" -W ignore "$place/ask.py"
done
