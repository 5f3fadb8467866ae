"""A receipt vouches for every byte of what was released."""

import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evalguard.cli import main
from evalguard.errors import DataError, ExitCode, UsageError
from evalguard.pipeline.receipt import (
    RECEIPT_NAME,
    ReceiptError,
    make_receipt,
    verify,
    write_receipt,
)
from evalguard.records import Verdict
from tests.reports import examples


@pytest.fixture
def released(tmp_path):
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "adapter_model.safetensors").write_bytes(b"weights")
    (folder / "adapter_config.json").write_text("{}")
    return folder


@pytest.fixture
def key(tmp_path):
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (tmp_path / "release.pem").write_bytes(pem)
    (tmp_path / "release.pub").write_bytes(public)
    return tmp_path / "release.pem"


@pytest.fixture
def receipt(released, key):
    result = examples.check_result({"tickets-v2": examples.HEALTHY})
    content = make_receipt(result, released, base=None, inputs=[key.with_suffix(".pub")])
    return write_receipt(content, released / RECEIPT_NAME, key=key)


def test_what_was_released_is_verified(released, receipt, key):
    assert "Signed by" in verify(receipt, released, key=key.with_suffix(".pub"))
    assert "give --key" in verify(receipt, released)


@pytest.mark.parametrize("name", ["adapter_model.safetensors", "adapter_config.json"])
def test_one_changed_byte_is_refused(released, receipt, name):
    content = bytearray((released / name).read_bytes())
    content[-1] ^= 1
    (released / name).write_bytes(content)
    with pytest.raises(ReceiptError, match=f"{name}: changed"):
        verify(receipt, released)


def test_missing_and_added_files_are_refused(released, receipt):
    (released / "adapter_config.json").rename(released / "other.json")
    with pytest.raises(ReceiptError) as refused:
        verify(receipt, released)
    assert "adapter_config.json: missing" in str(refused.value)
    assert "other.json: not in the receipt" in str(refused.value)


def test_a_changed_receipt_is_refused(released, receipt):
    content = json.loads(receipt.read_text())
    content["gates"][0]["verdict"] = "PASS!"
    receipt.write_text(json.dumps(content))
    with pytest.raises(ReceiptError, match="does not fit its content"):
        verify(receipt, released)


def test_another_key_is_refused(released, receipt, tmp_path):
    other = Ed25519PrivateKey.generate().public_key()
    pem = other.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (tmp_path / "other.pub").write_bytes(pem)
    with pytest.raises(ReceiptError, match="signed by another key"):
        verify(receipt, released, key=tmp_path / "other.pub")


def test_a_stripped_signature_does_not_pass_where_a_key_is_asked_for(released, receipt, key):
    content = json.loads(receipt.read_text())
    del content["signature"]
    receipt.write_text(json.dumps(content))
    assert "not signed" in verify(receipt, released)
    with pytest.raises(ReceiptError, match="not signed"):
        verify(receipt, released, key=key.with_suffix(".pub"))


def test_nothing_that_failed_gets_a_receipt(released):
    result = examples.check_result({"tickets-v2": examples.FORGETTING})
    with pytest.raises(UsageError, match="did not pass"):
        make_receipt(result, released, base=None, inputs=[])
    healthy = examples.check_result({"tickets-v2": examples.HEALTHY})
    with pytest.raises(UsageError):
        make_receipt(replace(healthy, verdict=Verdict.INCONCLUSIVE), released, base=None, inputs=[])


@pytest.mark.parametrize("content", ["", "[]", '{"a": 1}', "{"])
def test_what_is_no_receipt_is_told(released, tmp_path, content):
    path = tmp_path / "receipt.json"
    path.write_text(content)
    with pytest.raises(DataError, match="not a receipt"):
        verify(path, released)


def test_a_key_that_is_none_is_told_with_the_way_to_make_one(released, receipt, tmp_path):
    broken = tmp_path / "broken.pem"
    broken.write_text("nothing")
    with pytest.raises(UsageError, match="openssl genpkey"):
        write_receipt({}, tmp_path / "r.json", key=broken)
    with pytest.raises(UsageError, match="openssl pkey"):
        verify(receipt, released, key=broken)


def test_exit_codes(released, receipt, tmp_path):
    assert main(["verify", str(receipt), str(released)]) == ExitCode.PASS
    assert main(["verify", str(tmp_path / "none.json"), str(released)]) == ExitCode.USAGE
    (released / "adapter_config.json").write_text("{ }")
    assert main(["verify", str(receipt), str(released)]) == ExitCode.REGRESSION
