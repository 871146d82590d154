"""Reports as people and other programs read them: text, HTML and JUnit XML, each from a report and nothing else."""

from airflow_provider_dpq.core.render.html import render_html
from airflow_provider_dpq.core.render.junit import render_junit
from airflow_provider_dpq.core.render.text import render_text

__all__ = ["render_html", "render_junit", "render_text"]
