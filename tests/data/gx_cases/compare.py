"""Comparison of a result with Great Expectations' own, tolerant of float noise and of the order of sets."""
import json
def _nul(x): return x is None or (isinstance(x, dict) and x.get("$") in ("nan", "NaT", "NA"))
def _num(x): return isinstance(x, (int, float)) and not isinstance(x, bool)
def eq(a, b, rtol=1e-6):
    for t in ("tuple", "set"):
        if isinstance(a, dict) and a.get("$") == t: a = a["v"]
        if isinstance(b, dict) and b.get("$") == t: b = b["v"]
    if _nul(a) and _nul(b): return True
    if _num(a) and _num(b): return a == b or abs(a - b) <= rtol * max(abs(a), abs(b)) + 1e-9
    if isinstance(a, list) and isinstance(b, list): return len(a) == len(b) and all(eq(x, y, rtol) for x, y in zip(a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        if "$" in a or "$" in b: return a.get("$") == b.get("$") and a.get("v") == b.get("v")
        return set(a) == set(b) and all(eq(a[k], b[k], rtol) for k in a)
    return a == b
UNORDERED = ("partial_missing_list", "unexpected_list", "partial_unexpected_list", "unexpected_index_list", "partial_unexpected_index_list", "partial_unexpected_counts")
IGNORE = ("unexpected_index_query", "unexpected_rows")          # engine-specific text
def diff(mine, ge, fields=None):
    """[] when they agree; mine/ge: {"success":..., "result":{...}} | {"raises":..} | {"exception":..}"""
    if "raises" in ge: return [] if "raises" in mine else ["GE refuses the configuration: " + ge["raises"][:120]]
    if "exception" in ge: return [] if ("exception" in mine or "raises" in mine) else ["GE reports an exception: " + ge["exception"][:120]]
    out = [] if mine.get("success") == ge.get("success") else [f"success {mine.get('success')} != {ge.get('success')}"]
    for k, v in (ge.get("result") or {}).items():
        if k in IGNORE or (fields and k not in fields): continue
        m = (mine.get("result") or {}).get(k)
        if k in UNORDERED and isinstance(m, list) and isinstance(v, list): m, v = (sorted(x, key=lambda z: json.dumps(z, sort_keys=True)) for x in (m, v))
        if not eq(m, v): out.append(f"{k}: {json.dumps(m)[:80]} != {json.dumps(v)[:80]}")
    return out
