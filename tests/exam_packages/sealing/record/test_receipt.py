"""The receipt: signed by the body's intake, or none."""

from __future__ import annotations

import pytest

from exam_packages.sealing.receipt import Receipt, ReceiptError, read_receipt, sign_receipt
from exam_packages.sealing.signed import sign

RECEIPT = Receipt(bytes(range(32)), 1_700_000_000, 41)


def test_a_receipt_is_read_as_it_was_signed(people, trust):
    assert read_receipt(sign_receipt(RECEIPT, [people.intake]), trust) == RECEIPT


def test_a_receipt_of_anyone_else_is_refused(people, trust, hall):
    for key in (people.enroller, people.packager, hall.signing):
        with pytest.raises(ReceiptError):
            read_receipt(sign_receipt(RECEIPT, [key]), trust)


def test_every_bit_flipped_and_every_truncation_is_refused(people, trust):
    data = sign_receipt(RECEIPT, [people.intake])
    for bit in range(len(data) * 8):
        altered = bytearray(data)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ReceiptError):
            read_receipt(bytes(altered), trust)
    for size in range(len(data)):
        with pytest.raises(ReceiptError):
            read_receipt(data[:size], trust)


def test_something_else_that_intake_signed_is_no_receipt(people, trust):
    for kind, body in (("exam-kiosk/receipt/v1", b"\x90"), ("exam-kiosk/other/v1", b"\x90")):
        with pytest.raises(ReceiptError):
            read_receipt(sign(kind, body, [people.intake]), trust)
