"""What all pages have in common, over HTTP."""

from __future__ import annotations

import re

import pytest

from tests.support.access.signed_in import sign_in

POLICY = re.compile(
    r"default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]+'; img-src data:; base-uri 'none'; form-action 'self'; "
    r"frame-ancestors 'none'"
)


async def test_pages_run_no_script_and_load_nothing(http):
    answer = await http.get("/sign-in")
    assert answer.status_code == 200
    assert POLICY.fullmatch(answer.headers["content-security-policy"])
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "<script" not in answer.text


async def test_a_page_for_people_who_are_signed_in_leads_to_the_sign_in_and_back(http):
    answer = await http.get("/account?a=b%2F")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?return_to=%2Faccount%3Fa%3Db%252F")


async def test_who_is_signed_in_sees_their_account(http, runtime, staff, url):
    person = staff[None].actor
    browser = await sign_in(runtime, person, url)
    answer = await http.get("/account", headers=browser.cookie)
    assert answer.status_code == 200 and person.username in answer.text


@pytest.mark.parametrize("path", ["/sign-in/x", "/account/nothing"])
async def test_a_page_that_is_none_is_told_as_a_page(http, path):
    answer = await http.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
