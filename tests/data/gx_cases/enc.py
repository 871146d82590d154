"""The JSON form of the cases' values and tables: decoding, and encoding of results in the same form."""
import base64, datetime as dt, decimal, math, uuid
import numpy as np, pandas as pd

class Raw:
    def __init__(self, v): self.v = v

def enc(v):
    if isinstance(v, Raw): return v.v
    if v is None: return None
    if v is pd.NA: return {"$": "NA"}
    if v is pd.NaT: return {"$": "NaT"}
    if isinstance(v, (bool, np.bool_)): return bool(v)
    if isinstance(v, (int, np.integer)):
        v = int(v)
        return v if abs(v) < 2**53 else {"$": "int", "v": str(v)}
    if isinstance(v, (float, np.floating)):
        v = float(v)
        if math.isnan(v): return {"$": "nan"}
        if math.isinf(v): return {"$": "inf" if v > 0 else "-inf"}
        return v
    if isinstance(v, str): return v
    if isinstance(v, decimal.Decimal): return {"$": "decimal", "v": str(v)}
    if isinstance(v, pd.Timestamp): return {"$": "timestamp", "v": v.isoformat()}
    if isinstance(v, np.datetime64): return {"$": "timestamp", "v": pd.Timestamp(v).isoformat()}
    if isinstance(v, dt.datetime): return {"$": "datetime", "v": v.isoformat()}
    if isinstance(v, dt.date): return {"$": "date", "v": v.isoformat()}
    if isinstance(v, dt.time): return {"$": "time", "v": v.isoformat()}
    if isinstance(v, (dt.timedelta, np.timedelta64)): return {"$": "timedelta_s", "v": pd.Timedelta(v).total_seconds()}
    if isinstance(v, (bytes, bytearray)): return {"$": "bytes", "v": base64.b64encode(bytes(v)).decode()}
    if isinstance(v, uuid.UUID): return {"$": "uuid", "v": str(v)}
    if isinstance(v, tuple): return {"$": "tuple", "v": [enc(x) for x in v]}
    if isinstance(v, (set, frozenset)): return {"$": "set", "v": sorted([enc(x) for x in v], key=repr)}
    if isinstance(v, (list, np.ndarray)): return [enc(x) for x in v]
    if isinstance(v, dict): return {"$": "dict", "v": [[enc(k), enc(x)] for k, x in v.items()]} if any(k == "$" or not isinstance(k, str) for k in v) else {k: enc(x) for k, x in v.items()}
    raise TypeError(type(v))

def dec(v):
    if isinstance(v, list): return [dec(x) for x in v]
    if not isinstance(v, dict): return v
    if "$" not in v: return {k: dec(x) for k, x in v.items()}
    t, x = v["$"], v.get("v")
    if t in ("frame", "repr"): return Raw(v)
    return {"NA": lambda: pd.NA, "NaT": lambda: pd.NaT, "nan": lambda: float("nan"), "inf": lambda: math.inf,
     "-inf": lambda: -math.inf, "int": lambda: int(x), "float": lambda: float(x), "decimal": lambda: decimal.Decimal(x),
     "timestamp": lambda: pd.Timestamp(x), "datetime": lambda: dt.datetime.fromisoformat(x), "date": lambda: dt.date.fromisoformat(x),
     "time": lambda: dt.time.fromisoformat(x), "timedelta_s": lambda: pd.Timedelta(seconds=x), "bytes": lambda: base64.b64decode(x),
     "uuid": lambda: uuid.UUID(x), "tuple": lambda: tuple(dec(i) for i in x), "set": lambda: set(dec(i) for i in x),
     "dict": lambda: {dec(a): dec(b) for a, b in x}}[t]()

def enc_series(s):
    vals = list(s.astype(object)) if not isinstance(s.dtype, pd.CategoricalDtype) else list(s.astype(object))
    return {"dtype": str(s.dtype), "values": [enc(x) for x in vals]}

def enc_frame(df):
    return [dict(name=enc(c), **enc_series(df.iloc[:, i])) for i, c in enumerate(df.columns)]

def dec_frame(cols):
    ss = []
    for c in cols:
        vals = [dec(x) for x in c["values"]]
        d = c.get("dtype")
        if d is None or d == "infer": s = pd.DataFrame({"x": vals})["x"]
        elif d.startswith("datetime64") or d.startswith("timedelta64"):
            s = pd.Series([pd.NaT if v is None else pd.Timestamp(v) if d.startswith("d") else v for v in vals], dtype=d)
        else: s = pd.Series(vals, dtype=d)
        ss.append(s)
    df = pd.concat(ss, axis=1) if ss else pd.DataFrame()
    df.columns = [dec(c["name"]) for c in cols]
    return df

def jsonable(v):
    """GE result -> JSON, with the same special encoding for what JSON cannot say."""
    try: return enc(v)
    except TypeError:
        if isinstance(v, dict): return {str(k): jsonable(x) for k, x in v.items()}
        if isinstance(v, (list, tuple, set)): return [jsonable(x) for x in v]
        if isinstance(v, pd.DataFrame): return {"$": "frame", "v": enc_frame(v)}
        return {"$": "repr", "v": repr(v)[:200]}
