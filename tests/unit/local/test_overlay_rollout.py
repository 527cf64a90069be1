"""A rollout of a model that an overlay serves: the stack file takes the versions, and the overlay has the rest."""

from __future__ import annotations

from pathlib import Path

from components.serving.model import Model
from scripts.local import overlays
from scripts.local.cluster import Cluster
from scripts.local.workspace import COMMITTED, with_machine
from scripts.mlops.delivery.kubectl import Kubectl
from scripts.mlops.delivery.plan import Named
from scripts.mlops.delivery.stack_file import StackFile
from scripts.mlops.delivery.weighted_versions import WeightedVersions
from scripts.stack_configuration import configuration
from tests.stack_files import BENCH_PROMETHEUS, IMAGES, SMOLLM

IMAGES_OF_BOTH = {**IMAGES, SMOLLM: {"weights": "weights:1"}}


def test_it_writes_what_the_stack_takes_and_the_way_back_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, tmp_path, {"cluster": {"kind": "existing"}, "monitoring": BENCH_PROMETHEUS})
    overlays.keep(cluster.state, overlays.find(SMOLLM))
    file = StackFile(tmp_path / "Pulumi.local.yaml")
    file.path.write_text(COMMITTED.read_text())
    before = file.path.read_text()
    below = with_machine({}, cluster, IMAGES_OF_BOTH)
    entry = configuration("local", with_machine(file.sections({}), cluster, IMAGES_OF_BOTH)).models[SMOLLM]
    model = Model(name=SMOLLM, entry=entry)
    strategy = WeightedVersions(model, Kubectl({}, model), below)
    stable, candidate = strategy.standing(file).stable, Named("s3://models/smollm/second")
    assert stable == Named("s3://models/smollm/135m")
    steps = strategy.forward(file, stable, candidate, (10, 100))
    assert [step.percent for step in steps] == [0, 10, 100, 100]
    for step in steps:
        smollm = configuration("local", with_machine(file.sections(step.edits), cluster, IMAGES_OF_BOTH)).models[SMOLLM]
        assert {version.source: version.weight for version in smollm.all_versions}[candidate.source] == step.percent
        assert smollm.resources.requests.memory == entry.resources.requests.memory, "the rest is the overlay's"
    file.write(steps[0].edits)
    file.write(strategy.back(file, stable, candidate, promoted=False)[-1].edits)
    assert file.path.read_text() == before
