"""Pages that the server itself writes: what is shown before the pages are built, and when none can be shown.

They have no script and no style of their own, so that the policy of the pages holds for them, too.
"""

from __future__ import annotations

from html import escape
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.errors import ModelyardError
from app.http.browsers import built_pages
from app.runtime import Runtime
from app.web import policy
from app.web.build import state
from app.web.build.state import Build

_SOON, _LATER = "2", "10"
"""Seconds after which a browser loads the page again: while it is being built, and when that has failed."""
_STEPS = {
    "node": {"en": "fetching Node.js", "ko": "Node.js를 내려받는 중"},
    "packages": {"en": "fetching packages", "ko": "패키지를 내려받는 중"},
    "compile": {"en": "compiling", "ko": "컴파일하는 중"},
}
_BUILDING = {
    "en": """The pages are being built
This takes about a minute the first time, and this page loads again by itself. The API, MLflow clients and the command
line can be used already.""",
    "ko": """웹 페이지를 빌드하고 있습니다
처음에는 1분쯤 걸리며, 끝나면 이 화면이 저절로 바뀝니다. API와 MLflow 클라이언트, 명령줄 도구는 지금 바로 쓸 수
있습니다.""",
}
"""By language: a title, and below it what there is to say."""
_FAILED = {
    "en": """The pages could not be built
The API, MLflow clients and the command line can be used all the same. The reason is in web/.build/build.log in the
folder of the source; `make web` tries again.""",
    "ko": """웹 페이지를 빌드하지 못했습니다
API와 MLflow 클라이언트, 명령줄 도구는 그대로 쓸 수 있습니다. 원인은 소스 폴더의 web/.build/build.log 파일에 있으며,
`make web` 명령으로 다시 빌드할 수 있습니다.""",
}
_MISSING = {
    "en": """There are no pages here
This server runs without its pages; the API, MLflow clients and the command line can be used all the same. In a folder
of the source, `make web` builds them.""",
    "ko": """웹 페이지가 없습니다
이 서버는 웹 페이지 없이 실행되고 있습니다. API와 MLflow 클라이언트, 명령줄 도구는 그대로 쓸 수 있습니다. 소스 폴더에서
`make web` 명령을 실행하면 웹 페이지가 빌드됩니다.""",
}


def unbuilt(request: Request) -> Response:
    """What is shown as long as there are no pages: how far their build is, in English and Korean."""
    runtime: Runtime = request.app.state.runtime
    build = state.read(built_pages.SOURCE)
    texts, seconds = _told(build)
    headers = {**policy.headers(runtime.settings), "Vary": "Accept", "Refresh": seconds, "Retry-After": seconds}
    steps = _STEPS.get(build.step, {})
    body = "\n".join(_section(language, text, steps.get(language, "")) for language, text in texts.items())
    return HTMLResponse(_document(texts["en"].partition("\n")[0], body), 503, headers)


def failed(error: ModelyardError, status: int) -> Response:
    """Any failure as a page, with the code that programs read elsewhere."""
    title = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Error"
    body = f"<h1>{title}</h1>\n<p>{escape(error.message)}</p>\n<p><code>{escape(error.code)}</code></p>"
    return HTMLResponse(_document(title, body), status, policy.headers())


def _told(build: Build) -> tuple[dict[str, str], str]:
    if build.is_running:
        return _BUILDING, _SOON
    return (_FAILED if build.has_failed else _MISSING), _LATER


def _section(language: str, text: str, step: str) -> str:
    title, _, rest = escape(text).partition("\n")
    shown = f"\n<p><em>{step} …</em></p>" if step else ""
    return f'<section lang="{language}">\n<h1>{title}</h1>\n<p>{rest}</p>{shown}\n</section>'


def _document(title: str, body: str) -> str:
    return (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{escape(title)} · Modelyard</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,"></head>\n'
        f'<body>\n{body}\n<p><a href="/account">Account · 계정</a></p>\n</body>\n</html>\n'
    )
