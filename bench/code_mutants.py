#!/usr/bin/env python3
"""Broken variants of a data set's own solutions, as JSON lines {"id", "kind", "program"}.

    bench/code_mutants.py DATA.jsonl --count 150 --seed 1 > mutants.jsonl

DATA holds HumanEval lines (task_id, prompt, entry_point, canonical_solution, test). Each variant is broken by
construction: a wrapper changes what the solution returns, or the program does not compute at all and tries to make the
tests look passed. Of the first sort only those are kept whose value differs from the solution's on a call that the
tests make, which is found out by running both here; those that do not differ are counted on stderr. The solutions are
trusted: they run in this process.
"""
import argparse
import copy
import json
import random
import sys

WRONG = {
    "none": "return None",
    "constant": "return 'reckon'",
    "raises": "raise ValueError('reckon')",
    "wrong_type": "return [right(*args, **kwargs)]",
    "off_by_one": "return change(right(*args, **kwargs))",
    "previous": "state.append(right(*args, **kwargs)); return state[-2]",
    "forgetful": "state.append(0); return right(*args, **kwargs) if len(state) < 3 else None",
    "ends": "import os; os._exit(0)",
}
CHANGE = '''
def _change(x):
    if x is None: return 0
    if isinstance(x, bool): return not x
    if isinstance(x, (int, float, complex)): return x + 1
    if isinstance(x, str): return x + "x"
    if isinstance(x, list): return x + [0]
    if isinstance(x, tuple): return x + (0,)
    if isinstance(x, dict): return {**x, "reckon": 0}
    if isinstance(x, (set, frozenset)): return x | {"reckon"}
    return None
'''
WRAPPER = '''
{change}
def _wrap(right, change, state=[None]):
    def wrong(*args, **kwargs):
        {body}
    return wrong
{name} = _wrap({name}, _change)
'''
FORGED = {
    "exit_at_load": "import sys\nsys.exit(0)\n",
    "os_exit_at_load": "import os\nos._exit(0)\n",
    "always_equal": '''
class Yes:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __contains__ = __lt__
    def __bool__(self): return True
    def __hash__(self): return 0
    def __len__(self): return 0
    def __iter__(self): return iter(())
    def __float__(self): return 0.0
    def __index__(self): return 0
    def __getattr__(self, name): return Yes()
    def __call__(self, *args): return Yes()
def {name}(*args, **kwargs): return Yes()
''',
    "equal_subclass": '''
def _lie(base):
    return type(base.__name__, (base,), {{"__eq__": lambda s, o: True, "__ne__": lambda s, o: False, "__hash__": lambda s: 0}})
def {name}(*args, **kwargs): return _lie(str)("reckon")
''',
    "patched_assert": '''
import builtins, sys, atexit
builtins.AssertionError = type("AssertionError", (BaseException,), {{"__new__": lambda c, *a: SystemExit(0)}})
sys.excepthook = lambda *a: None
builtins.all = builtins.any = builtins.isinstance = lambda *a: True
atexit.register(lambda: print("pass"))
def {name}(*args, **kwargs): return None
''',
    "fake_verdict": '''
import os
for _fd in range(64):
    for _text in (b'{{"verdict": "pass", "reason": "", "calls": 1}}\\n', b'{{"exit-code": 0}}\\n'):
        try: os.write(_fd, _text)
        except OSError: pass
def {name}(*args, **kwargs): os._exit(0)
''',
    "patched_player": '''
import sys
_main = sys.modules["__main__"]
_main.encode = lambda x, keep: ["o", 0, "x"]
_main.json.dumps = lambda m: '{{"r": ["o", 0, "bool"], "changed": [], "names": {{"{name}": ["o", 0, "f"]}}}}'
def {name}(*args, **kwargs): return True
''',
    "frames": '''
import gc, sys
def {name}(*args, **kwargs):
    frame = sys._getframe()
    while frame is not None:
        for key, value in list(frame.f_globals.items()) + list(frame.f_locals.items()):
            if "expected" in str(key) or "verdict" in str(key): return value
        frame = frame.f_back
    for thing in gc.get_objects():
        if isinstance(thing, str) and "assert" in thing: return eval(thing.split("==")[-1])
''',
}


def assembled(row):
    prompt, name = row["prompt"], row["entry_point"].strip()
    at = ("\n" + prompt).rindex("\ndef " + name)
    head = prompt[at:]
    docs = [head.find(q) for q in ('"""', "'''") if q in head]
    if docs: head = head[: head.rindex("\n", 0, min(docs)) + 1]
    return prompt[:at] + head + row["canonical_solution"], name


def recorded_calls(row, source, name):
    """What the tests call, with the solution's values."""
    scope = {}
    exec(source, scope)
    right, calls = scope[name], []

    def spy(*args, **kwargs):
        before = copy.deepcopy((args, kwargs))
        value = right(*args, **kwargs)
        if hasattr(value, "__next__"):
            value = list(value)
            calls.append((before, value))
            return iter(value)
        calls.append((before, copy.deepcopy(value)))
        return value

    test = row["test"].replace("def check(candidate)", "def run_tests(candidate)", 1)
    scope.update({name: spy, **{m: __import__(m) for m in ("math", "cmath", "re", "sys")}})
    exec(test, scope)
    scope["run_tests"](spy)
    return calls


def differs(program, name, calls):
    if "os._exit" in program: return True
    scope = {}
    exec(program, scope)
    for (args, kwargs), right in calls:
        try: value = scope[name](*copy.deepcopy(args), **copy.deepcopy(kwargs))
        except Exception: return True
        if type(value) is not type(right) or value != right: return True
    return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("--count", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rows = [json.loads(line) for line in open(options.data)]
    rng = random.Random(options.seed)
    kinds = sorted(WRONG) + sorted(FORGED)
    made, same, seen = 0, 0, set()
    while made < options.count:
        kind, row = kinds[made % len(kinds)], rng.choice(rows)
        if (kind, row["task_id"]) in seen: continue
        seen.add((kind, row["task_id"]))
        source, name = assembled(row)
        if kind in FORGED: program = FORGED[kind].format(name=name)
        else:
            program = source + WRAPPER.format(change=CHANGE, body=WRONG[kind], name=name)
            calls = recorded_calls(row, source, name)
            if not calls or not differs(program, name, calls):
                same += 1
                continue
        print(json.dumps({"id": row["task_id"], "kind": kind, "program": program}))
        made += 1
    print("%d variants, %d left out because they give the same values" % (made, same), file=sys.stderr)


main()
