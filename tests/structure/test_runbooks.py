"""Each alert has a page that says what to do, each page an alert, and no page is about one model only."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from components.observability.observability import RUNBOOKS
from tests.observed import ARGS, alerts
from tests.structure.project import ROOT

FOLDER = ROOT / RUNBOOKS
ALERTS = sorted({alert.name for alert in alerts()})
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.stem[0].isupper())
"""Pages of alerts; other procedures have names in small letters."""

NAMESPACES = {
    "cert-manager", "default", "envoy-gateway", "gpu-operator", "keda", "knative-serving", "kube-system", "minio", "monitoring",
}  # fmt: skip


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    assert [path.stem for path in PAGES] == ALERTS


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_page_says_what_it_means_and_what_to_do(page: Path) -> None:
    text = page.read_text()
    assert text.startswith(f"# {page.stem}\n\n**Means**: ")
    assert re.search(r"^1\. ", text, re.MULTILINE), "no first step"
    assert text.count("```") % 2 == 0
    assert len(text.splitlines()) <= 40, "its reader has just been woken"
    assert not re.search(r"\]\([^)]*[#:]", text), "its links lead to files, which are there by test_docs.py"
    assert not [model.name for model in ARGS.models if model.name in text], "it is for every model"
    for namespace in re.findall(r"kubectl [^`\n]*-n ([a-z-]+)", text):
        assert namespace in NAMESPACES, namespace


def test_every_alert_says_what_to_do_first() -> None:
    for alert in alerts():
        assert alert.summary, alert.name
        assert not alert.summary.endswith("."), alert.name
        assert len(alert.description.split()) >= 10, alert.name
        assert alert.description.endswith("."), alert.name
