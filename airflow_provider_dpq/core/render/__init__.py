"""Reports as people and other programs read them: text, HTML, JUnit XML, and what pyperf and HdrHistogram read.

Each is made from a report alone.
"""

from airflow_provider_dpq.core.render.flame import render_flame_svg
from airflow_provider_dpq.core.render.hdr import render_hdr
from airflow_provider_dpq.core.render.html import render_html
from airflow_provider_dpq.core.render.junit import render_junit
from airflow_provider_dpq.core.render.pyperf import render_pyperf
from airflow_provider_dpq.core.render.text import render_text

__all__ = ["render_flame_svg", "render_hdr", "render_html", "render_junit", "render_pyperf", "render_text"]
