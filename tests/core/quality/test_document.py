"""Documents of JSON and YAML: read as they stand or refused, and bounded before they are built."""

from __future__ import annotations

import json
import math
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_dpq.core.errors import DeclarationError
from airflow_provider_dpq.core.quality.contract.read import load_contract
from airflow_provider_dpq.core.quality.document import DEEPEST, parse_json, read_document, require_bounded
from airflow_provider_dpq.core.quality.suite import load_suite


def _written(folder: Path, text: str, suffix: str) -> Path:
    path = folder / f"document{suffix}"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "suffix", "told"),
    [
        ("a: 1\nb: 2\na: 3\n", ".yaml", "the key 'a' twice in one mapping, again in line 3"),
        ("- {x: 1, y: 2,\n   x: 5}\n", ".yaml", "the key 'x' twice in one mapping, again in line 2"),
        ("1: a\n1.0: b\n", ".yml", "again in line 2"),
        ("base: &b {x: 1}\nc:\n  <<: *b\n  y: 1\n  y: 2\n", ".yaml", "the key 'y'"),
        ('{"a": 1,\n "b": {"a": 1},\n "a": 2}', ".json", "the key 'a' twice in one mapping, again in line 3"),
        ('[{"a": 1}, {"a": 2, "\\u0061": 3}]', ".json", "the key 'a' twice in one mapping, again in line 1"),
        ('{"a": "x\\": {", "b": [{"c": 1,\n"c": 2}]}', ".json", "the key 'c' twice in one mapping, again in line 2"),
    ],
)
def test_key_that_stands_twice_is_refused_with_its_line(tmp_path: Path, text: str, suffix: str, told: str) -> None:
    """The last would win, and what the first said would be lost in silence."""
    with pytest.raises(DeclarationError, match="twice in one mapping") as refused:
        read_document(_written(tmp_path, text, suffix))
    assert refused.value.reason == "duplicate_key"
    assert told in str(refused.value)


@pytest.mark.parametrize("load", [load_suite, load_contract])
def test_suite_and_contract_with_a_key_twice_are_refused(tmp_path: Path, load: Any) -> None:
    """Whoever reads the file."""
    path = _written(tmp_path, "name: t\nname: u\nexpectations: []\ncolumns: []\n", ".yaml")
    with pytest.raises(DeclarationError) as refused:
        load(path)
    assert refused.value.reason == "duplicate_key"


def test_merged_key_may_be_given_anew(tmp_path: Path) -> None:
    """A key that YAML merges into a mapping is the default of the one that stands there."""
    path = _written(tmp_path, "base: &b {x: 1, z: 0}\nc:\n  <<: *b\n  x: 2\n", ".yaml")
    assert read_document(path)["c"] == {"x": 2, "z": 0}


def _bomb(item: str) -> str:
    lines = ["a: &a {k: 1, l: 2, m: 3}"]
    for before, name in zip("abcdefghi", "bcdefghij", strict=True):
        lines.append(item.format(name=name, many=", ".join([f"*{before}"] * 9)))
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        (_bomb("{name}: &{name} [{many}]"), ".yaml"),
        (_bomb("{name}: &{name}\n  <<: [{many}]"), ".yaml"),
        ("a: &a [*a]", ".yaml"),
        ("[" * 100_000 + "]" * 100_000, ".yaml"),
        ("[" * 100_000 + "]" * 100_000, ".json"),
        ('{"a":' * 5_000 + "1" + "}" * 5_000, ".json"),
        ("\n".join(" " * level + "a:" for level in range(2_000)), ".yaml"),
        ("a: " + "x" * 17_000_000, ".yaml"),
    ],
    ids=["aliases", "merges", "itself", "deep yaml", "deep json", "deep mappings", "deep block", "long"],
)
def test_document_that_costs_too_much_is_refused_before_it_is_built(tmp_path: Path, text: str, suffix: str) -> None:
    """A few lines of aliases are billions of values, and a few thousand brackets end a parser's stack."""
    with pytest.raises(DeclarationError) as refused:
        read_document(_written(tmp_path, text, suffix))
    assert refused.value.reason == "document_too_large"


def _nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def test_value_given_in_python_is_bounded_as_well() -> None:
    """A list that holds itself, or one that shares its members until they are too many."""
    itself: list[Any] = []
    itself.append(itself)
    shared: Any = [1]
    for _ in range(60):
        shared = [shared, shared]
    for value in (itself, shared, _nested(DEEPEST + 1), {"expectations": _nested(5_000)}):
        with pytest.raises(DeclarationError) as refused:
            load_suite(value)
        assert refused.value.reason == "document_too_large"
    require_bounded(_nested(DEEPEST), "x")


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(_VALUES)
def test_json_is_read_as_the_standard_library_reads_it(value: Any) -> None:
    """Whatever has no key twice."""
    assert parse_json(json.dumps(value, indent=1), "x") == value


@given(
    st.recursive(
        st.none() | st.integers() | st.text("ab: \n-{}[]"),
        lambda v: st.lists(v) | st.dictionaries(st.text("ab"), v),
        max_leaves=15,
    )
)
def test_yaml_is_read_as_pyyaml_reads_it(value: Any) -> None:
    """Whatever has no key twice."""
    import tempfile

    text = yaml.safe_dump(value)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.yaml"
        path.write_text(text)
        assert read_document(path) == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("no", "no"),
        ("Yes", "Yes"),
        ("on", "on"),
        ("n", "n"),
        ("true", True),
        ("False", False),
        ("012", "012"),
        ("02134", "02134"),
        ("12:30", "12:30"),
        ("1:30.5", "1:30.5"),
        ("0", 0),
        ("-17", -17),
        ("1_000", 1000),
        ("0xFF", 255),
        ("1.5e+5", 1.5e5),
        ("2.5", 2.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("-.inf", -math.inf),
        ("1.2.3", "1.2.3"),
        ("~", None),
        ("2024-01-01", date(2024, 1, 1)),
    ],
)
def test_yaml_takes_no_word_and_no_code_for_another_value(tmp_path: Path, written: str, read: Any) -> None:
    """What stands in the data as ``no`` is no truth value, and a code with a zero in front no other number."""
    path = tmp_path / "a.yaml"
    path.write_text(f"value_set: [{written}]")
    found = read_document(path)["value_set"]
    assert found == [read]
    assert type(found[0]) is type(read)
