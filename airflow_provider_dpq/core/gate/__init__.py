"""The language that all gates share: metrics, thresholds, verdicts and the report."""
