#!/usr/bin/env bash
# `import dill` before `import joblib` changes what joblib.dump writes: dill registers its functions with the pickler of the
# standard library that is written in Python, and joblib's pickler copies that registry when it is imported. A class of the
# script then goes into the file as code, by functions of dill, and loading it needs dill. In the other order, or without
# dill, the class is written by name.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install -q --disable-pip-version-check joblib==1.6.0 dill==0.4.1

cat > "$folder/script.py" <<'PYTHON'
import importlib
import io
import platform
import sys

order = sys.argv[1].split(",")
for name in order:
    importlib.import_module(name)
joblib = sys.modules["joblib"]


class Model:
    def predict(self, values):
        return values


written = io.BytesIO()
joblib.dump(Model(), written)
needs = b"dill._dill" in written.getvalue()
print(f"Python {platform.python_version()}, joblib {joblib.__version__}; imports {sys.argv[1]}: ", end="")
print("what joblib.dump writes needs dill" if needs else "what joblib.dump writes names the class")
assert needs == (order[0] == "dill")
PYTHON
for order in joblib joblib,dill dill,joblib; do
    "$folder/venv/bin/python" "$folder/script.py" "$order"
done
