"""Inspects the files of a corpus as a worker does, and writes down what came of each."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from app.inspection.inspecting import Report, inspect
