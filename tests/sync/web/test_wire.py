"""Passwords, and errors that carry their status over the wire."""

from __future__ import annotations

import copy

import pytest

from exam_packages.canon import unpack
from sync.messages import Refusal
from sync.web.server import ListenError, bind, tls_context
from sync.web.sessions import check_password, hash_password
from sync.web.wire import Busy, HttpError, refuse


def test_a_refusal_says_the_same_on_the_other_side() -> None:
    problem = HttpError(409, "The station “{name}” is {n} away.", name="s-1", n=3)
    response = refuse(problem)
    refusal = unpack(bytes(response.body), Refusal)
    assert response.status_code == 409
    assert refusal.template.format(**dict(refusal.fields)) == str(problem)


def test_busy_says_when_to_come_back() -> None:
    response = refuse(Busy(60, "Wait."))
    assert (response.status_code, response.headers["retry-after"]) == (429, "60")


def test_an_error_can_be_rebuilt() -> None:
    problem = copy.copy(HttpError(404, "No {what}.", what="seat"))
    assert (problem.status, str(problem)) == (404, "No seat.")


def test_passwords_are_argon2id_and_salted() -> None:
    first, second = hash_password("correct horse"), hash_password("correct horse")
    assert first.startswith("$argon2id$") and first != second
    assert check_password("correct horse", first)
    assert not check_password("Correct horse", first)
    assert not check_password("correct horse", None)
    with pytest.raises(HttpError, match="10 to 200"):
        hash_password("short")


def test_a_taken_port_is_said_with_its_number() -> None:
    taken = bind("127.0.0.1", 0)
    port = taken.getsockname()[1]
    with pytest.raises(ListenError, match=f"port {port}"):
        bind("127.0.0.1", port)
    taken.close()


def test_missing_certificates_are_said(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ListenError, match="install this machine’s enrolment again"):
        tls_context(tmp_path / "no.crt", tmp_path / "no.key", None)
