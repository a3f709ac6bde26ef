"""Proves the rules of POST /api/v1/admin/purge, which other systems' test suites use: it is there
only under --allow-purge and only on a data directory that was created with it."""

import pytest
import requests

from otlp import trace_request

pytestmark = pytest.mark.needs_command("serve")

PURGE = "/api/v1/admin/purge"


def stored(server, trace_id):
    return server.get(f"/api/v1/traces/{trace_id}").status_code == 200


def send(server):
    request, trace_id = trace_request(spans=2)
    server.send(request)
    assert stored(server, trace_id)
    return trace_id


def test_a_purge_without_a_token_empties_a_directory_made_for_it(make_server):
    server = make_server(flags=["--allow-purge"])
    old = send(server)
    assert requests.post(server.http + PURGE, timeout=30).status_code == 200
    assert not stored(server, old)
    new = send(server)
    server.stop()
    server.start()
    assert not stored(server, old)
    assert stored(server, new)


def test_what_is_sent_again_after_a_purge_or_a_deletion_is_kept_again(make_server):
    server = make_server(flags=["--allow-purge"])
    request, trace_id = trace_request(spans=2)
    server.send(request)
    assert requests.post(server.http + PURGE, timeout=30).status_code == 200
    server.send(request)
    assert stored(server, trace_id)
    gone = requests.delete(f"{server.http}/api/v1/traces/{trace_id}", timeout=30,
                           headers={"Authorization": "Bearer " + server.token})
    assert gone.status_code in (200, 204) and not stored(server, trace_id)
    server.send(request)
    assert stored(server, trace_id)


@pytest.mark.parametrize("first, second", [([], []), ([], ["--allow-purge"]),
                                           (["--allow-purge"], [])])
def test_without_the_flag_at_birth_and_now_there_is_no_purge(make_server, first, second):
    server = make_server(flags=first)
    kept = send(server)
    server.stop()
    server.flags = second
    server.start()
    assert requests.post(server.http + PURGE, timeout=30).status_code in (401, 403, 404)
    assert stored(server, kept)


@pytest.mark.parametrize("headers", [{"Host": "rebound.example"}, {"Sec-Fetch-Site": "cross-site"},
                                     {"Origin": "http://foreign.example"}])
def test_a_page_of_another_origin_cannot_purge(make_server, headers):
    server = make_server(flags=["--allow-purge"])
    kept = send(server)
    assert requests.post(server.http + PURGE, headers=headers, timeout=30).status_code == 403
    assert stored(server, kept)
