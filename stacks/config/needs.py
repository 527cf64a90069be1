"""Needs of a model in the sections before it. A section with a mistake of its own counts as correct."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic.alias_generators import to_camel

from components.artifacts import parse_image
from components.serving.model_service import ModelService
from components.serving.sagemaker import placed
from components.serving.scaling import QueueScaling
from components.serving.sources import begins_another, bucket_of, is_in_a_store
from components.serving.versions import part_name
from stacks.config.capacity import more_than_there_is
from stacks.config.managed import RULES as MANAGED

Sections = Mapping[str, Any]
Models = Mapping[str, ModelService]

LONGEST = 44
"""Characters of an InferenceService's name: KEDA's autoscaler is called `keda-hpa-<name>-predictor`, and Kubernetes takes 63."""


TAKEN_NAMES = {"kubernetes", "default"}
"""The API server's Service, and the ServiceAccount that pods get by default."""

TAKEN_NAMESPACES = {
    *("kube-system", "kube-public", "kube-node-lease"),
    *("cert-manager", "envoy-gateway", "gpu-operator", "keda", "knative-serving", "kourier-system", "kserve", "minio", "model-store"),
    "monitoring",
}
"""Namespaces of Kubernetes and of the platform's parts (a test compares). KServe's pod webhook ignores its own one (kserve#3473)."""


def broken_needs(models: Models, found: Sections) -> list[str]:
    """Return the texts of the first rule that some models break; later rules would often say the same in other words."""
    in_cluster, managed = placed(models, "kubernetes"), placed(models, "sagemaker")
    judged = [
        *((rule, in_cluster) for rule in (names_that_clash, unmet, folders_that_begin_alike, more_than_there_is)),
        *((rule, managed) for rule in MANAGED),
        *((rule, models) for rule in (images_for_nothing, outside_the_store, without_digest, candidate_is_stable)),
    ]
    return next((texts for rule, some in judged if (texts := rule(some, found))), [])


def names_that_clash(models: Models, _found: Sections) -> list[str]:
    """Refuse one name for two objects, and names that Kubernetes or a query would take for those of other objects."""
    parts = {name: [part_name(name, version.name) for version in model.all_versions] for name, model in models.items()}
    counted = Counter(part for several in parts.values() for part in several)
    checks = {f"{part}-smoke": part for part in counted} | {f"{name}-route": name for name in models}
    grants = Counter(f"{model.namespace}-{name}" for name, model in models.items())
    return [
        *(f"{name} is the name of an object that Kubernetes itself keeps in every namespace" for name in models if name in TAKEN_NAMES),
        *(
            f"{name}.namespace: {model.namespace} belongs to Kubernetes or to the platform; choose one of the models' own"
            for name, model in models.items()
            if model.namespace in TAKEN_NAMESPACES
        ),
        *(f"{grant} is namespace and name of two models, joined; rename one" for grant, times in grants.items() if times > 1),
        *(
            f"{part}: contains -predictor, by which KServe names its own objects; choose another name"
            for part in counted
            if "-predictor" in part
        ),
        *(f"{name} is the name of the check of {checks[name]}; choose another name" for name in models if name in checks),
        *(
            f"{part} would be the InferenceService of two models; rename one, or its version"
            for part, times in counted.items()
            if times > 1
        ),
        *(
            f"{part} has {len(part)} characters; an InferenceService's name has at most {LONGEST}"
            for part in counted
            if len(part) > LONGEST
        ),
    ]


def unmet(models: Models, found: Sections) -> list[str]:
    """Return one text for each model that lacks something."""
    lacks = {name: [*_switched_off(model, found), *_missing_parts(model, found)] for name, model in models.items()}
    return [
        f"{name} needs {', '.join(missing)}; set what is missing, or leave models.{name} out" for name, missing in lacks.items() if missing
    ]


def images_for_nothing(models: Models, found: Sections) -> list[str]:
    """Refuse an image in the section `images` for a server whose kind has its own: nothing would run it."""
    pinned = [name for name, each in found.get("images", {}).items() if each.server and name in models and models[name].server.pinned]
    return [f"images.{name}.server: kind {models[name].server.kind} runs its own image; set models.{name}.server.image" for name in pinned]


def outside_the_store(models: Models, found: Sections) -> list[str]:
    store = found.get("model_store")
    return [
        f'{key}: "{address}" is not in the model store; its bucket is {store.bucket}'
        for key, address in _sources(models)
        if store is not None and store.enabled and is_in_a_store(address) and bucket_of(address) != store.bucket
    ]


def folders_that_begin_alike(models: Models, _found: Sections) -> list[str]:
    """Refuse a folder of one model with which an address of another model begins; each model checks its own versions itself."""
    folders = [(key, address) for key, address in _sources({name: each for name, each in models.items() if not each.server.endings})]
    return [
        f"{other}: {address} begins with {folder} of {key}: KServe would download both folders for it (kserve#3776); rename one"
        for key, folder in folders
        for other, address in _sources(models)
        if begins_another([folder, address]) == (folder, address)
    ]


def without_digest(models: Models, found: Sections) -> list[str]:
    safeguards = found.get("safeguards")
    required = safeguards is not None and safeguards.digests == "required"
    return [
        f'{key}: "{reference}" has no digest, and safeguards.digests: required needs <repository>:<tag>@sha256:<digest>'
        for key, reference in _images(models)
        if required and not parse_image(reference).digest
    ]


def candidate_is_stable(models: Models, found: Sections) -> list[str]:
    """A version that differs by its image, from an image that is the same."""
    images = found.get("images", {})
    return [
        f"{name}.versions[{index}]: image {version.image} is {first.name}'s too, and so is its source"
        for name, model in models.items()
        for first, *others in [model.all_versions]
        for index, version in enumerate(others, start=1)
        if version.image and first.image is None and version.source == first.source
        if version.image == (model.server.image or (images[name].server if name in images else None))
    ]


def _switched_off(model: ModelService, found: Sections) -> list[str]:
    return [f"{to_camel(name)}.enabled: true" for name in model.needs if name in found and not found[name].enabled]


def _missing_parts(model: ModelService, found: Sections) -> list[str]:
    monitoring, gpu = found.get("monitoring"), found.get("gpu")
    watched = monitoring is None or monitoring.enabled or monitoring.prometheus_url
    parts = {
        "monitoring.enabled: true or monitoring.prometheusUrl": watched or not isinstance(model.scaling, QueueScaling),
        "gpu.mode: managed, karpenter or existing": gpu is None or gpu.mode != "none" or not model.server.gpu_count,
    }
    return [name for name, there in parts.items() if not there]


def _sources(models: Models) -> Iterator[tuple[str, str]]:
    """Every address of a model's files, by its key."""
    for name, model in models.items():
        if model.source:
            yield f"{name}.source", model.source
        yield from ((f"{name}.versions[{index}].source", each.source) for index, each in enumerate(model.versions) if each.source)


def _images(models: Models) -> Iterator[tuple[str, str]]:
    """Every image that an entry names itself, by its key."""
    for name, model in models.items():
        if model.server.image:
            yield f"{name}.server.image", model.server.image
        yield from ((f"{name}.versions[{index}].image", each.image) for index, each in enumerate(model.versions) if each.image)
