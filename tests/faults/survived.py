"""What must hold of a run with a fault in it, held against one without: the rules of walk.py."""
import json
import re

# Figures that another run of the same training has otherwise.
LOOSE = re.compile(r"seconds|time|bytes|per_second|spread|samples|started|uuid|memory")
MEASURED = ("tune", "compare")  # commands whose figures are times
JUDGED = ("compare", "selftest")  # commands that work in processes of their own, and have a verdict


def is_measured(name):
    return name.startswith(MEASURED)


def parsed(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


def figures(text, measured):
    """What has to be the same in every run; the keys alone of what is measured."""
    def stripped(value):
        if isinstance(value, dict):
            return {k: stripped(v) for k, v in value.items() if not LOOSE.search(k)}
        if isinstance(value, list):
            return [stripped(v) for v in value]
        return value
    value = parsed(text)
    if value is None:
        return "text" if re.search(r"time +[0-9]", text) else text
    return sorted(value) if measured else stripped(value)


def same_file(name, a, b):
    if a is None or b is None or a == b:
        return a == b
    if name == "page.html":
        return a[-8:].strip() == b[-8:].strip() == b"</html>"[-8:]
    if name not in ("log", "state"):
        return False
    if name == "state":  # the order of trainings is theirs, and some may be lost
        return set(re.sub(rb'"seconds":[^,}]*', b"", a).splitlines()) <= set(re.sub(rb'"seconds":[^,}]*', b"", b).splitlines())
    return [figures(line, False) for line in a.decode().splitlines()] == [figures(line, False) for line in b.decode().splitlines()]


def is_begun(log, whole, is_cut):
    """Whether a log is the first lines of another; where writing it failed, the last one may be damaged."""
    lines = log.split(b"\n")
    if lines.pop():
        if not is_cut:
            return False
    elif is_cut and lines:
        lines.pop()
    lines = [line.decode() for line in lines]
    return [figures(line, False) for line in lines] == [figures(line, False) for line in whole.decode().splitlines()][:len(lines)]


# ---- verdicts, and what is kept for later runs

def is_right(row):
    return row["value"] is not None and row["limit"] is not None and row["value"] <= row["limit"]


def checks(device):
    """The rows that a verdict is made of."""
    return {row["name"]: row for row in device["rows"] if row["unit"] == "tolerances"}


def all_checked(result, clean):
    """Whether every check of the run without a fault was made here, and is right."""
    return len(result["devices"]) == len(clean["devices"]) and all(
        checks(here).keys() == checks(there).keys() and all(is_right(row) or not is_right(checks(there)[name])
                                                            for name, row in checks(here).items())
        for here, there in zip(result["devices"], clean["devices"]))


def wrong_verdict(run, clean):
    """Of compare and selftest: a verdict that is good has every check behind it, and one that is not says why."""
    result, whole, found = parsed(run.out), parsed(clean.out), []
    good = ("agree", "passed")
    if result is None:
        return found if run.code != 0 and run.err.strip() else ["there is no result, and no word"]
    for device in result["devices"]:
        if "signal" in (device["reason"] or ""):
            found.append("a process was ended: " + device["reason"])
        if device["status"] != "ok" and not device["reason"]:
            found.append("a device that is %s has no reason" % device["status"])
        found += ["%s has no value and no reason" % row["name"] for row in device["rows"] if row["value"] is None and not row["reason"]]
        is_good = device.get("agree", device.get("passed"))
        if is_good and not all_checked(dict(result, devices=[device]), dict(whole, devices=whole["devices"][:1])):
            found.append("a device is %s without all checks" % result["verdict"])
        if is_good is False and device["status"] == "ok" and all(is_right(row) for row in checks(device).values()):
            found.append("a device is refused though all is right")
    if run.code == 0:
        names = [[row["name"] for row in device["rows"]] for device in result["devices"]]
        if result["verdict"] not in good or not all_checked(result, whole):
            found.append("it succeeded with the verdict %s over what was not checked" % result["verdict"])
        if names != [[row["name"] for row in device["rows"]] for device in whole["devices"]]:
            found.append("it succeeded with other rows")
    elif result["verdict"] in good and not run.err.strip() and all(device["status"] == "ok" for device in result["devices"]):
        found.append("it failed with a good verdict, and no word")
    return found


def wrong_tuning(run, clean):
    """What tune tells has a figure or a reason, and what it succeeded with is kept."""
    result, found = parsed(run.out), []
    if result is None:
        return [] if run.code != 0 and run.err.strip() else ["there is no result, and no word"]
    rows = result["rows"]
    if run.code != 0:
        return [] if run.err.strip() or (rows and all(row["reason"] for row in rows)) else ["it failed without a word"]
    found += ["%s has no figure and no reason" % row["name"] for row in rows if row["best_ms"] is None and not row["reason"]]
    if not any(row["best_ms"] is not None for row in rows):
        found.append("it succeeded and found nothing")
    if run.kept.keys() != clean.kept.keys():
        found.append("it succeeded and kept nothing")
    return found


def wrong_kept(run, clean, where):
    """A file in the cache folder is as before or whole; of a selftest, good only where all was checked."""
    found = []
    for name, text in run.kept.items():
        if text == run.before.get(name):
            continue
        if name.endswith(".json"):
            value = parsed(text)
            if value is None or value.keys() != parsed(clean.kept[name]).keys():
                found.append("it left half of " + name)
        elif name.startswith("trust-"):
            verdict = text.splitlines()[7] if len(text.splitlines()) == 9 and text.endswith("\n") else None
            result = parsed(run.out)
            if verdict not in ("passed", "failed"):
                found.append("it left half of " + name)
            elif verdict == "passed" and where.startswith("isolated") and not (result and all_checked(result, parsed(clean.out))):
                found.append("a pass is remembered that was not all checked")
            elif result and result["verdict"] != verdict:
                found.append("it remembers '%s' and tells '%s'" % (verdict, result["verdict"]))
    if set(run.before) - set(run.kept):
        found.append("what was kept before is gone")
    return found


# ---- all of it

def wrong_success(run, clean):
    found = []
    if run.figures() != clean.figures():
        found.append("it succeeded with other figures")
    for file in run.files:
        if not same_file(file, run.made[file], clean.made[file]):
            found.append("it succeeded with another " + file)
    return found


def wrong_failure(run, clean, call, old):
    found = []
    if "virtual memory exhausted" in run.err and call == "malloc":
        return None  # what popt says where it has none, and exits
    if not run.err.strip() and not run.name.startswith(JUDGED + ("tune",)):
        found.append("it failed without a word")
    elif run.err.strip() and not re.search(r"^clinear( [a-z]+)?: ", run.err, re.M):
        found.append("stderr is not this program's: " + run.err[:200])
    for file in run.files:
        before = None if file == "state" else old
        if run.made[file] == before or same_file(file, run.made[file], clean.made[file]):
            continue
        if file == "log" and is_begun(run.made[file], clean.made[file], "write the log" in run.err):
            continue
        if file == "model" and "as it is" in run.err:  # which the sentence says: the log could not be written, and ended the training
            continue
        found.append("it failed and left half of " + file)
    return found


def wrongs(run, clean, where, call, old):
    """What of the rules does not hold; `old` is what its files were before."""
    if run.code is None:
        return ["it hangs"]
    if run.code < 0 or run.code >= 124:
        return ["it ended with status %d" % run.code]
    found = wrong_success(run, clean) if run.code == 0 else wrong_failure(run, clean, call, old)
    if found is None:
        return []
    if run.name.startswith(JUDGED):
        found += wrong_verdict(run, clean)
    if run.name == "tune":
        found += wrong_tuning(run, clean)
    found += wrong_kept(run, clean, where)
    if run.left:
        found.append("left behind: " + " ".join(run.left))
    for kind, count in run.live.items():
        if count > 0 and not call.startswith("clRelease"):
            found.append("%d references to a %s are live" % (count, kind))
        elif count < 0:
            found.append("a %s was released too often" % kind)
    for place, count in run.leaks.items():
        if count > clean.leaks[place]:
            found.append("%d blocks of memory leaked, taken at %s" % (count, place))
    return found
