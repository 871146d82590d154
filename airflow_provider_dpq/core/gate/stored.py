"""The names of checks and tags in stored reports of loads: what writes them and what draws them agree on these."""

from __future__ import annotations

from typing import Final

LOAD: Final = "load"
"""The kind of gate."""

SCENARIO: Final = "scenario"
"""Tag of what belongs to one scenario of a load."""

LEVEL: Final = "level"
"""Tag of what belongs to one level of a load; its value is the load, such as ``100/s``."""

SHARD: Final = "shard"
"""Tag of what each machine says of itself, where there are several."""

SHARE: Final = "generators of a share"
"""The check of the report of a share, which thresholds do not judge."""

LEVELS: Final = "levels"
"""The check of a search: whether each level was sustained, and which thresholds judged it."""

SUSTAINED: Final = "held"
"""Outcome of a level that was sustained."""
