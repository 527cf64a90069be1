"""The settings that a build takes over from this machine's pip and apt."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest

from bench import machine_config

LISTING = """\
:env:.index-url='https://mirror.test/simple'
:env:.disable-pip-version-check='1'
global.cert='/some/bundle.pem'
global.index-url='https://other.test/simple'
install.find-links='/opt/wheels\\n/opt/more'
"""


def test_pip_takes_over_where_packages_come_from_and_the_environment_wins() -> None:
    assert machine_config.pip_options(LISTING) == {"index-url": "https://mirror.test/simple", "find-links": "/opt/wheels\n/opt/more"}


def test_apt_takes_over_how_mirrors_are_reached_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    dump = 'APT::Architecture "amd64";\nAcquire::http::Proxy "http://proxy.test:3128";\nDPkg::Post-Invoke:: "rm x";\n'
    monkeypatch.setattr(machine_config, "_output", lambda *_: dump)
    assert machine_config.apt_settings() == 'Acquire::http::Proxy "http://proxy.test:3128";\n'


def test_mounts_carry_certificates_and_pip_settings_that_vanish_afterwards(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bundle, wheels = tmp_path / "bundle.pem", tmp_path / "wheels"
    bundle.write_text("certificates")
    wheels.mkdir()
    listing = f":env:.find-links='{wheels} /not/there'\n"
    monkeypatch.setattr(machine_config, "_output", lambda *command: listing if "pip" in command else "")
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    with machine_config.mounts() as volumes:
        sources = {target: Path(source) for source, target, _ in (volume.split(":") for volume in volumes)}
        config = configparser.RawConfigParser()
        config.read(sources["/etc/pip.conf"])
        assert config["global"]["cert"] == str(machine_config.CA_BUNDLE)
        assert sources[str(machine_config.CA_BUNDLE)] == bundle
        assert sources[str(wheels)] == wheels
        assert "/not/there" not in sources
    assert not sources["/etc/pip.conf"].exists()
