"""Headers, hosts and origins: every answer, every route."""

from __future__ import annotations

import re

from fastapi.testclient import TestClient

PAGES = ("/", "/heat", "/posts", "/patrol", "/grids", "/reports", "/calls")


def test_each_page_has_a_policy_and_every_script_its_fresh_nonce(client: TestClient) -> None:
    nonces = set()
    for path in PAGES:
        answer = client.get(path)
        assert answer.status_code == 200
        policy = answer.headers["content-security-policy"]
        nonce = re.search(r"'nonce-([^']+)'", policy)
        assert nonce
        nonces.add(nonce[1])
        scripts = re.findall(r"<script(?![^>]*application/json)[^>]*>", answer.text)
        assert scripts
        assert all(f'nonce="{nonce[1]}"' in script for script in scripts)
    assert len(nonces) == len(PAGES)


def test_no_page_names_another_host(client: TestClient) -> None:
    for path in PAGES:
        for address in re.findall(r"(?:src|href)=[\"'](?:https?:)?//[^\"']+", client.get(path).text):
            assert "openstreetmap.org/copyright" in address


def test_an_unknown_host_is_refused(client: TestClient) -> None:
    answer = client.get("/api/health", headers={"Host": "evil.example"})
    assert answer.status_code == 403
    assert answer.json()["code"] == "forbidden"


def test_a_write_from_another_site_is_refused(client: TestClient) -> None:
    answer = client.post("/api/posts/solve", json={}, headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403


def test_a_write_from_our_own_page_passes_the_guard(client: TestClient) -> None:
    answer = client.post("/api/posts/solve", json={}, headers={"Origin": "http://testserver"})
    assert answer.status_code == 422


def test_hardening_headers_are_on_every_kind_of_answer(client: TestClient) -> None:
    for path in ("/", "/api/health", "/static/favicon.svg", "/api/collections/x", "/nowhere"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "content-security-policy" in headers
