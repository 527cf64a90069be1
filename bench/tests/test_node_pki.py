"""The certificates, as the real openssl makes them."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from bench import paths
from bench.node import kubeconfig, pki
from bench.node.pki import Pki

INSTANCE = paths.Instance("test")

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "STATE_ROOT", tmp_path_factory.mktemp("state"))
        authority = Pki(INSTANCE)
        authority.ensure()
    return authority


def text(path: Path) -> str:
    argv = [
        "openssl",
        "x509",
        "-in",
        str(path),
        "-noout",
        "-subject",
        "-nameopt",
        "RFC2253",
        "-ext",
        "subjectAltName,extendedKeyUsage,basicConstraints",
    ]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


@pytest.mark.slow
def test_each_certificate_belongs_to_its_authority_and_its_key(made: Pki) -> None:
    for leaf in pki.leaves(INSTANCE):
        subprocess.run(["openssl", "verify", "-CAfile", made.cert(leaf.authority), made.cert(leaf.name)], check=True, capture_output=True)
        public = [
            subprocess.run(["openssl", *words], check=True, capture_output=True).stdout
            for words in (
                ["x509", "-in", str(made.cert(leaf.name)), "-noout", "-pubkey"],
                ["pkey", "-in", str(made.key(leaf.name)), "-pubout"],
            )
        ]
        assert public[0] == public[1]
        assert "CA:FALSE" in text(made.cert(leaf.name))


def test_identities_are_those_that_kubernetes_knows(made: Pki) -> None:
    assert "CN=system:node:bench-test,O=system:nodes" in text(made.cert("kubelet"))
    assert "CN=system:kube-scheduler\n" in text(made.cert("scheduler"))
    assert "O=system:masters" not in "".join(text(made.cert(leaf.name)) for leaf in pki.leaves(INSTANCE))


def test_servers_are_known_by_every_address_they_answer_at(made: Pki) -> None:
    names = text(made.cert("apiserver"))
    for host in ("DNS:kubernetes.default.svc", "IP Address:10.96.16.1", "IP Address:10.96.128.6", "IP Address:127.0.0.1"):
        assert host in names


def test_keys_are_for_their_owner_only(made: Pki) -> None:
    assert made.folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in made.folder.glob("*.key")} == {0o600}


def test_what_is_good_is_left_alone(made: Pki) -> None:
    before = {path: path.read_bytes() for path in made.folder.iterdir()}
    made.ensure()
    assert {path: path.read_bytes() for path in made.folder.iterdir()} == before


def test_a_certificate_is_stale_in_its_last_thirty_days_or_for_other_hosts_or_under_another_authority(made: Pki) -> None:
    leaf = pki.Leaf("probe", "/CN=probe", (pki.SERVER,), ("localhost",))
    made.issue(replace(leaf, days=31))
    assert not made.is_stale(leaf)
    made.issue(replace(leaf, days=29))
    assert made.is_stale(leaf)
    made.issue(leaf)
    assert made.is_stale(replace(leaf, hosts=("localhost", "127.0.0.1")))
    assert made.is_stale(replace(leaf, authority=pki.FRONT_PROXY))
    made.remove("probe")
    assert made.is_stale(leaf)
    assert not list(made.folder.glob("probe*"))


def test_a_kubeconfig_is_written_once_and_for_its_owner_only(made: Pki, tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    kubeconfig.write(INSTANCE, made, "admin", path)
    assert path.stat().st_mode & 0o777 == 0o600
    document = json.loads(path.read_text())
    assert document["clusters"][0]["cluster"]["server"] == "https://10.96.128.6:6443"
    assert document["current-context"] == "bench-test"
    written = path.stat().st_mtime_ns
    kubeconfig.write(INSTANCE, made, "admin", path)
    assert path.stat().st_mtime_ns == written
