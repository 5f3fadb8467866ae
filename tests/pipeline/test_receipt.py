"""A receipt vouches for every byte of what was released."""

import base64
import hashlib
import json
import os
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

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


def statement_of(receipt):
    return json.loads(base64.b64decode(json.loads(receipt.read_text())["payload"]))


def write_statement(receipt, statement):
    envelope = json.loads(receipt.read_text())
    envelope["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()
    receipt.write_text(json.dumps(envelope))


def change_gate(statement):
    statement["predicate"]["gates"][0]["verdict"] = "PASS!"


def change_hash(statement):
    statement["subject"][0]["digest"]["sha256"] = "0" * 64


def drop_file(statement):
    del statement["subject"][0]


def drop_key(statement):
    del statement["predicate"]["public_key"]


def other_key(statement):
    other = Ed25519PrivateKey.generate().public_key()
    statement["predicate"]["public_key"] = other.public_bytes_raw().hex()


@pytest.mark.parametrize("change", [change_gate, change_hash, drop_file, drop_key, other_key])
@pytest.mark.parametrize("with_key", [False, True])
def test_a_changed_receipt_is_refused(released, receipt, key, change, with_key):
    statement = statement_of(receipt)
    change(statement)
    write_statement(receipt, statement)
    with pytest.raises(ReceiptError, match="does not match its content"):
        verify(receipt, released, key=key.with_suffix(".pub") if with_key else None)


@pytest.mark.parametrize(
    ("where", "value"),
    [("payloadType", "text/plain"), ("sig", "AAAA"), ("sig", ""), ("keyid", "another")],
)
def test_a_changed_envelope_is_refused_or_signed_all_the_same(released, receipt, where, value):
    envelope = json.loads(receipt.read_text())
    (envelope if where == "payloadType" else envelope["signatures"][0])[where] = value
    receipt.write_text(json.dumps(envelope))
    if where == "keyid":  # a hint, which nothing rests on
        assert "Signed by" in verify(receipt, released)
        return
    with pytest.raises((DataError, ReceiptError)):
        verify(receipt, released)


def test_a_receipt_is_an_in_toto_statement_in_a_dsse_envelope(released, receipt, key):
    """Checked as the standards say, with nothing of this project."""
    envelope = json.loads(receipt.read_text())
    payload = base64.b64decode(envelope["payload"])
    kind = envelope["payloadType"].encode()
    signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    public = serialization.load_pem_public_key(key.with_suffix(".pub").read_bytes())
    assert isinstance(public, Ed25519PublicKey)
    public.verify(base64.b64decode(envelope["signatures"][0]["sig"]), signed)

    statement = json.loads(payload)
    assert kind == b"application/vnd.in-toto+json"
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"].startswith("https://")
    weights = hashlib.sha256(b"weights").hexdigest()
    assert {"name": "adapter_model.safetensors", "digest": {"sha256": weights}} in (
        statement["subject"]
    )
    assert {"verdict", "base", "inputs", "gates", "models", "environment", "created"} <= (
        statement["predicate"].keys()
    )


def test_a_receipt_of_another_verdict_or_twice_of_one_file_is_refused(released, tmp_path):
    healthy = examples.check_result({"tickets-v2": examples.HEALTHY})
    content = make_receipt(healthy, released, base=None, inputs=[])
    failed = {**content, "predicate": {**content["predicate"], "verdict": "FAIL"}}
    twice = {**content, "subject": content["subject"] * 2}
    nothing = {**content, "subject": []}
    other = {**content, "predicateType": "https://slsa.dev/provenance/v1"}
    with pytest.raises(ReceiptError, match="its verdict is FAIL"):
        verify(write_receipt(failed, tmp_path / "failed.json"), released)
    for name, receipt in {"twice": twice, "nothing": nothing, "other": other}.items():
        with pytest.raises(DataError, match="not a receipt"):
            verify(write_receipt(receipt, tmp_path / f"{name}.json"), released)


def test_a_receipt_of_the_format_before_is_refused_in_one_sentence(released, tmp_path):
    path = tmp_path / "old.json"
    old = {"schema_version": 1, "evalguard": "0.1.0", "verdict": "PASS", "released": {}}
    path.write_text(json.dumps(old))
    with pytest.raises(DataError, match="release the adapter again"):
        verify(path, released)


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
    content["signatures"] = []
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


def test_what_the_trust_checks_noted_of_a_model_is_in_the_receipt(released):
    healthy = examples.check_result({"tickets-v2": examples.HEALTHY})
    base, candidate = healthy.models
    vouched = replace(healthy, models=(base, replace(candidate, notes=("vouched for",))))
    notes = make_receipt(vouched, released, base=None, inputs=[])["predicate"]["notes"]
    assert notes == {candidate.name: ["vouched for"]}


def test_a_part_of_the_gates_gets_no_receipt(released):
    healthy = examples.check_result({"tickets-v2": examples.HEALTHY})
    part = replace(healthy, left_out={"tickets-v2": 2})
    with pytest.raises(UsageError, match="2 were not selected"):
        make_receipt(part, released, base=None, inputs=[])


def test_another_candidate_that_was_not_checked_costs_no_receipt(released):
    healthy = examples.check_result({"tickets-v2": examples.HEALTHY})
    part = replace(healthy, left_out={"tickets-v3": 15})
    assert make_receipt(part, released, base=None, inputs=[])["predicate"]["verdict"] == "PASS"


@pytest.mark.parametrize(
    ("add", "said"),
    [
        (os.mkfifo, "neither a file nor a folder"),
        (lambda path: path.mkdir(), "an empty folder"),
        (lambda path: path.symlink_to("nowhere"), "a link to no file"),
        (lambda path: path.symlink_to(path.name), "a link to no file"),
        (lambda path: path.symlink_to("/dev/zero"), "a link to no file"),
        (lambda path: path.symlink_to(path.parent), "a link to a folder"),
        (lambda path: (path.mkdir(), (path / "deeper").mkdir()), "added/deeper: an empty folder"),
    ],
)
def test_what_no_hash_covers_is_refused(released, receipt, add, said):
    add(released / "added")
    with pytest.raises(ReceiptError, match=said):
        verify(receipt, released)
    healthy = examples.check_result({"tickets-v2": examples.HEALTHY})
    with pytest.raises(ReceiptError, match=said):
        make_receipt(healthy, released, base=None, inputs=[])


def test_folders_that_a_base_links_to_are_listed(released, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "deep").mkdir(parents=True)
    (elsewhere / "deep" / "weights").write_bytes(b"1")
    base = tmp_path / "base"
    base.mkdir()
    (base / "config.json").write_text("{}")
    (base / "linked").symlink_to(elsewhere)
    (base / "again").symlink_to(elsewhere / "deep")
    (elsewhere / "back").symlink_to(base)
    healthy = examples.check_result({"tickets-v2": examples.HEALTHY})
    files = make_receipt(healthy, released, base=base, inputs=[])["predicate"]["base"]["files"]
    assert [*files] == ["again/weights", "config.json", "linked/deep/weights"]


def test_a_link_to_a_file_is_that_file(released, receipt, tmp_path):
    """The cache of the hub lays models out so."""
    config = released / "adapter_config.json"
    config.rename(tmp_path / "blob")
    config.symlink_to(tmp_path / "blob")
    assert "Signed by" in verify(receipt, released)
    (tmp_path / "blob").write_text("{ }")
    with pytest.raises(ReceiptError, match=r"adapter_config\.json: changed"):
        verify(receipt, released)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_receipt_that_is_no_file_is_refused_at_once(released, tmp_path, make):
    make(tmp_path / "receipt.json")
    with pytest.raises(DataError, match="not a receipt"):
        verify(tmp_path / "receipt.json", released)


@pytest.mark.parametrize("payload", ["[" * 100_000, '{"a": ' * 100_000, '"\\ud800"', "\xff"])
def test_a_statement_that_cannot_be_read_is_refused(released, receipt, payload):
    envelope = json.loads(receipt.read_text())
    envelope["payload"] = base64.b64encode(payload.encode("latin-1")).decode()
    receipt.write_text(json.dumps(envelope))
    with pytest.raises(DataError, match="not a receipt"):
        verify(receipt, released)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"a": 1}',
        "{",
        "[" * 100_000,
        '"x"',
        '{"payload": "!", "payloadType": "application/vnd.in-toto+json", "signatures": []}',
        '{"payload": "W10=", "payloadType": "application/vnd.in-toto+json", "signatures": []}',
        '{"payload": "W10=", "payloadType": "application/vnd.in-toto+json", "signatures": [1]}',
    ],
)
def test_what_is_no_receipt_is_told(released, tmp_path, content):
    path = tmp_path / "receipt.json"
    path.write_text(content)
    with pytest.raises(DataError, match="not a receipt"):
        verify(path, released)


def test_a_key_that_is_none_is_told_with_the_way_to_make_one(released, receipt, tmp_path):
    broken = tmp_path / "broken.pem"
    broken.write_text("nothing")
    with pytest.raises(UsageError, match="openssl genpkey"):
        write_receipt({"predicate": {}}, tmp_path / "r.json", key=broken)
    with pytest.raises(UsageError, match="openssl pkey"):
        verify(receipt, released, key=broken)


def test_exit_codes(released, receipt, tmp_path):
    assert main(["verify", str(receipt), str(released)]) == ExitCode.PASS
    assert main(["verify", str(tmp_path / "none.json"), str(released)]) == ExitCode.USAGE
    (released / "adapter_config.json").write_text("{ }")
    assert main(["verify", str(receipt), str(released)]) == ExitCode.REGRESSION
