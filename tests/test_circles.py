"""No module of the package imports itself by way of others."""

from __future__ import annotations

from graphlib import TopologicalSorter

import grimp

from airflow_provider_dpq import __name__ as package


def test_imports_make_no_circle() -> None:
    """Imports for type checkers alone count too: what is known there is known."""
    graph = grimp.build_graph(package, cache_dir=None)
    TopologicalSorter({name: graph.find_modules_directly_imported_by(name) for name in graph.modules}).prepare()
