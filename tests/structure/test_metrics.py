"""A wrong name is no error in Prometheus: it gives an empty panel, and an alert that never fires."""

from __future__ import annotations

import re

import pytest

from components.observability.catalogue import METRICS, NOT_SCRAPED, TARGET_LABELS, Metric, bounds
from tests.observed import ARGS, queries, records, rules
from tests.structure.project import ROOT, sources
from tests.structure.promql import named, selected

SERIES = {series: metric for metric in METRICS for series in metric.series}
RECORDED = {record.name for record in records()}
RECORD_LABELS = {"service", "namespace", "slo", "variant"}
QUERIES = queries()


def labels_of(name: str) -> set[str]:
    if name in RECORDED:
        return RECORD_LABELS
    own = {"le"} if name.endswith("_bucket") else set()
    return {*TARGET_LABELS, *SERIES[name].labels, *own}


def test_the_reader_of_queries_sees_what_they_name() -> None:
    query = 'sum by (le, a) (rate(some_bucket{x="1",y=~"a|b"}[5m])) / on (b) group_left (c) other:thing unless on () max(third > 0.5e3)'
    found = named(f'label_replace({query}, "made", "$1", "of", "(.+)")')
    assert found.metrics == {"some_bucket", "other:thing", "third"}
    assert found.matched == {("some_bucket", "x", "1"), ("some_bucket", "y", "a|b")}
    assert found.grouped == {"le", "a", "b", "c"}
    assert found.made == {"made"}


def test_the_reader_of_queries_evaluates_selectors_as_prometheus_does() -> None:
    query = 'sum(a{x=~"b(-.+)?",le!="1"}) / b{x!~"b.*"}'
    assert selected(query, {"x": "b-2", "le": "2"}) == [True, False]
    assert selected(query, {"x": "ab", "le": "2"}) == [False, True]
    assert selected(query, {"x": "b", "le": "1"}) == [False, False]
    assert selected(query, {"y": "1"}) == [True, True]


@pytest.mark.parametrize("where", QUERIES)
def test_a_query_names_metrics_of_the_catalogue_and_their_labels_only(where: str) -> None:
    found = named(QUERIES[where])
    assert found.metrics
    assert found.metrics <= {*SERIES, *RECORDED}
    for metric, label, _ in found.matched:
        assert metric, "a selector without a metric reads every series there is"
        assert label in labels_of(metric), f"{metric} has no label {label}"
    known = set().union(*(labels_of(metric) for metric in found.metrics)) | found.made
    assert found.grouped <= known


def test_every_metric_of_the_catalogue_is_used() -> None:
    used = {metric for query in QUERIES.values() for metric in named(query).metrics}
    assert not [metric.name for metric in METRICS if not used & set(metric.series)]
    assert not RECORDED - used, "recorded and never read"


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_has_an_exporter_with_a_source(metric: Metric) -> None:
    source = metric.exporter.source
    assert re.fullmatch(r"[\w.-]+/[\w.-]+:[\w./-]+@[\w.-]+", source) or (ROOT / source).is_file(), source
    assert metric.exporter.scrape == NOT_SCRAPED or re.search(r"20\d\d-\d\d-\d\d$", metric.exporter.scrape), "a scrape has a date"
    assert bool(metric.bounds) == (metric.kind == "histogram")
    assert list(metric.bounds) == sorted(set(metric.bounds))


def test_the_catalogue_agrees_with_the_server_that_batches() -> None:
    (source,) = [text for path in sources("models") if '"predictor_batch_images"' in (text := path.read_text())]
    assert f"buckets=({', '.join(f'{each:g}' for each in bounds('predictor_batch_images'))})" in source


@pytest.mark.parametrize("where", QUERIES)
def test_only_what_counts_has_a_rate_and_it_always_has_one(where: str) -> None:
    query = QUERIES[where]
    counted = set(re.findall(r"\b(?:rate|increase)\(([\w:]+)", query))
    for metric in named(query).metrics - RECORDED:
        assert (SERIES[metric].kind != "gauge") == (metric in counted), metric


@pytest.mark.parametrize("where", [where for where, query in QUERIES.items() if " le=" in query or ",le=" in query])
def test_a_bucket_that_is_counted_exists_whichever_prometheus_wrote_its_name(where: str) -> None:
    for metric, label, value in named(QUERIES[where]).matched:
        if label == "le":
            (histogram,) = [each.name for each in METRICS if metric in each.series]
            numbers = [bound for bound in bounds(histogram) if re.fullmatch(value, f"{bound:g}")]
            assert len(numbers) == 1
            assert re.fullmatch(value, str(float(numbers[0]))), "Prometheus 3 writes it with a point"


def test_a_quantile_is_compared_with_a_bound_of_its_histogram() -> None:
    compared = [
        (histogram, float(limit))
        for rule in rules()
        for histogram, limit in re.findall(r"histogram_quantile\(.*?rate\(([\w:]+)_bucket.*?\)\)\) > ([0-9.]+)", rule.expr)
    ]
    assert len(compared) == len(ARGS.models) + sum("generation" in model.entry.server.alerts for model in ARGS.models)
    for histogram, limit in compared:
        assert limit in bounds(histogram), f"{limit} lies between two buckets of {histogram}"
