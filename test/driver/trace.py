"""usage: trace.py TRACE [LAUNCH BYTES]    the workers of a trace did the launches' tiles, inside their time; LAUNCH moved BYTES"""
import json, sys

events = json.load(open(sys.argv[1]))["traceEvents"]
launches = [e for e in events if e.get("cat") == "launch"]
work = [e for e in events if e.get("cat") == "work"]
waits = [e for e in events if e.get("cat") == "wait"]
names = {e["tid"]: e["args"]["name"] for e in events if e["ph"] == "M"}
assert launches and work and names[0] == "launches" and "caller" in names[1], names
slack = 1e-3  # microseconds: sums of floats
for launch in launches:
    inside = lambda e: launch["ts"] - slack <= e["ts"] and e["ts"] + e["dur"] <= launch["ts"] + launch["dur"] + slack
    tiles = sum(e["args"]["tiles"] for e in work if e["name"] == launch["name"] and inside(e))
    assert tiles == launch["args"]["tiles"], (launch, tiles)
assert all(e["tid"] in names and e["dur"] >= 0 for e in work + waits)
if len(sys.argv) > 2:
    moved = [e["args"]["bytes"] for e in launches if e["name"] == sys.argv[2]]
    assert moved == [float(sys.argv[3])], moved
