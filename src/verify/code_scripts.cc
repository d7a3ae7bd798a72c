#include "verify/code_scripts.h"

#include <fmt/format.h>

namespace reckon {
namespace {

// Values between judge and player: JSON for what JSON has, else a list whose first element is a tag. Only plain data of
// exactly the built-in types is ever made from a message, so that comparing it calls no code of the candidate.
constexpr const char* kValues = R"py(
import builtins, collections, collections.abc, json, math, os, re, sys
from decimal import Decimal
from fractions import Fraction
LONGEST = 16 << 20
BIG = 1 << 60
VIEWS = {type({}.keys()): "K", type({}.values()): "V", type({}.items()): "I"}

def encode(x, keep):
    kind = type(x)
    if x is None or kind is bool or kind is str: return x
    if kind is int: return x if -BIG < x < BIG else ["i", hex(x)]
    if kind is float: return ["f", x.hex()]
    if isinstance(x, str): return str.__str__(x)
    if isinstance(x, int): return encode(int.__int__(x), keep)
    if isinstance(x, float): return ["f", float.hex(x)]
    if isinstance(x, complex): return ["c", float.hex(x.real), float.hex(x.imag)]
    if isinstance(x, (bytes, bytearray)): return ["b" if isinstance(x, bytes) else "B", bytes(x).hex()]
    for base, tag in ((list, "l"), (tuple, "t"), (set, "s"), (frozenset, "F"), (collections.deque, "q")):
        if isinstance(x, base): return [tag, [encode(v, keep) for v in base.__iter__(x)]]
    if isinstance(x, dict): return ["d", [[encode(k, keep), encode(v, keep)] for k, v in dict.items(x)]]
    if kind is range: return ["r", [encode(v, keep) for v in (x.start, x.stop, x.step)]]
    if kind is Fraction: return ["Q", encode(x.numerator, keep), encode(x.denominator, keep)]
    if kind is Decimal: return ["D", str(x)]
    if kind in VIEWS: return [VIEWS[kind], [encode(v, keep) for v in x]]
    return keep(x)

def decode(x, known):
    if type(x) is not list: return x
    tag, rest = x[0], x[1:]
    if tag == "i": return int(rest[0], 16)
    if tag == "f": return float.fromhex(rest[0])
    if tag == "c": return complex(float.fromhex(rest[0]), float.fromhex(rest[1]))
    if tag == "b": return bytes.fromhex(rest[0])
    if tag == "B": return bytearray.fromhex(rest[0])
    if tag == "Q": return Fraction(decode(rest[0], known), decode(rest[1], known))
    if tag == "D": return Decimal(rest[0])
    if tag in ("o", "c!", "n"): return known(tag, rest)
    if tag == "d": return {decode(k, known): decode(v, known) for k, v in rest[0]}
    items = [decode(v, known) for v in rest[0]]
    if tag == "l": return items
    if tag == "t": return tuple(items)
    if tag == "s": return set(items)
    if tag == "F": return frozenset(items)
    if tag == "q": return collections.deque(items)
    if tag == "r": return range(*items)
    if tag == "g": return iter(items)
    if tag == "K": return dict.fromkeys(items).keys()
    if tag == "V": return dict(enumerate(items)).values()
    if tag == "I": return dict(items).items()
    raise ValueError("unknown kind of value")

def send(stream, message):
    data = json.dumps(message).encode()
    if len(data) > LONGEST: raise ValueError("a value is too large to compare")
    stream.write(data + b"\n")
    stream.flush()

def receive(stream):
    line = stream.readline(LONGEST + 1)
    if not line.endswith(b"\n"): raise EOFError
    return json.loads(line)
)py";

// Both interpreters wait here and fork a process for every test; only there the script goes on. Nothing of a program or
// a test ever runs in the process that waits, and what one test leaves behind does not reach the next: its processes
// are killed, its lines are its own, and a sandbox whose folder it touched is not used again (ctime cannot be set).
// What is said at the door, and answered: "t" with descriptors (line, output, control) starts a test, "?" asks how its
// process ended, "x" ends all that it left.
constexpr const char* kFork = R"py(
import signal, socket, time

def bury():
    while True:
        try: os.kill(-1, signal.SIGKILL)
        except ProcessLookupError: return
        try: os.waitpid(-1, 0)
        except ChildProcessError: time.sleep(0.001)  # orphans, which the sandbox's first process reaps

def fork_for_each_test():
    if os.getpid() != 2 or os.getppid() != 1: os._exit(1)  # bury() is for a process namespace of our own
    door = socket.socket(fileno=os.dup(3))
    untouched = os.stat(".").st_ctime_ns
    child = None
    while True:
        message, given = socket.recv_fds(door, 1, 3)[:2]
        if not message: os._exit(0)
        if message == b"?":
            door.send(b"%d" % os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        elif message == b"x":
            bury()
            if os.stat(".").st_ctime_ns != untouched: os._exit(1)
            door.send(b"1")
        else:
            child = os.fork()
            if child == 0: break
            for fd in given: os.close(fd)
            door.send(b"1")
    door.close()
    for fd, number in zip(given, (3, 1, 0)): os.dup2(fd, number)
    os.dup2(1, 2)
    os.closerange(4, 64)

fork_for_each_test()
)py";

constexpr const char* kJudge = R"py(
control = os.fdopen(os.dup(0), "r+b", buffering=0)
line = os.fdopen(3, "rb")
out = os.fdopen(os.dup(3), "wb")
os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
calls = 0
functions = {}

def finish(verdict, reason):
    control.write(json.dumps({"verdict": verdict, "reason": reason[:2000], "calls": calls}).encode() + b"\n")
    os._exit(0)

def offer(x):
    if not callable(x): raise TypeError("a " + type(x).__name__ + " cannot be handed to the program")
    functions[len(functions)] = x
    return ["c!", len(functions) - 1]

class Remote:
    __slots__ = ("where",)
    def __init__(self, where): object.__setattr__(self, "where", where)
    def __call__(self, *args, **kwargs): return ask("call", self, args, kwargs)
    def __getattr__(self, name): return ask("get", self, (name,))
    def __setattr__(self, name, value): ask("set", self, (name, value))
    def __getitem__(self, key): return ask("item", self, (key,))
    def __setitem__(self, key, value): ask("put", self, (key, value))
    def __len__(self): return ask("len", self)
    def __bool__(self): return ask("bool", self) is True
    def __iter__(self): return iter(ask("list", self))
    def __str__(self): return ask("str", self)
    def __eq__(self, other): return self is other
    def __hash__(self): return id(self)

def pack(x):
    def keep(v): return v.where if type(v) is Remote else offer(v)
    return encode(x, keep)

def unpack(x): return decode(x, lambda tag, rest: Remote([tag] + rest))

def exchange(message):
    try:
        send(out, message)
        while True:
            reply = receive(line)
            if "back" not in reply: return reply
            try: answer = {"r": pack(functions[reply["back"]](*unpack(reply["args"])))}
            except Exception as error: answer = {"x": [type(error).__name__], "m": str(error)[:500]}
            send(out, answer)
    except (EOFError, BrokenPipeError, ConnectionError): finish("ended", "the program ended before the tests did")
    except Exception:
        finish("error", "the program gave a value that cannot be read")

class Raised(Exception): pass

def raise_remote(reply):
    names, text = [str(n) for n in reply["x"]], str(reply.get("m", ""))
    if "MemoryError" in names: finish("out-of-memory", "the program ran out of memory")
    if "SystemExit" in names: finish("error", "the program called exit")
    # Raised inside map() it would only end the loop over the tests.
    if "StopIteration" in names: finish("error", "the program raised StopIteration")
    base = Exception
    for name in names:
        known = getattr(builtins, name, None)
        if isinstance(known, type) and issubclass(known, Exception):
            base = known
            break
    try: error = type(names[0], (Raised, base), {})(text)
    except Exception: error = type(names[0], (Raised, Exception), {})(text)
    raise error

def ask(what, target, args=(), kwargs={}):
    global calls
    calls += 1
    try: message = {"do": what, "on": target.where, "args": pack(list(args)), "kwargs": pack(dict(kwargs))}
    except RecursionError: finish("error", "the tests hand over a value that is nested too deep")
    reply = exchange(message)
    try:
        if "x" not in reply:
            for index, value in reply["changed"]: update(args[index], unpack(value))
            return unpack(reply["r"])
    except Exception: finish("error", "the program gave a value that cannot be read")
    raise_remote(reply)

def update(old, new):
    if type(old) is not type(new): return
    if type(old) is list or type(old) is bytearray: old[:] = new
    elif type(old) in (dict, set): old.clear(), old.update(new)
    elif type(old) is collections.deque: old.clear(), old.extend(new)

def free_names(tree):
    loads, bound = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name): (loads if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)): bound.add(node.name)
        elif isinstance(node, ast.arg): bound.add(node.arg)
        elif isinstance(node, ast.alias): bound.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name: bound.add(node.name)
    return loads, bound

def at(error, text):
    number = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<tests>": number = trace.tb_lineno
        trace = trace.tb_next
    lines = text.split("\n")
    return " (line %d of the tests: %s)" % (number, lines[number - 1].strip()[:300]) if number else ""

def main():
    task = json.loads(control.readall().decode())
    tests, entry = task["tests"], task["entry"]
    scope = {"__name__": "tests", "__builtins__": builtins}
    try:
        exec(compile(task["setup"], "<setup>", "exec"), scope)
        tree = ast.parse(tests, "<tests>")
        loads, bound = free_names(tree)
        code = compile(tree, "<tests>", "exec")
    except BaseException as error:
        finish("error", "the tests cannot be run: %s: %s" % (type(error).__name__, error))
    wanted = {n for n in loads - bound if n not in scope and not hasattr(builtins, n)}
    if entry and entry in loads - bound: wanted.add(entry)
    reply = exchange({"do": "load", "code": task["code"], "names": sorted(wanted)})
    if "x" in reply:
        if "MemoryError" in reply["x"]: finish("out-of-memory", "the program ran out of memory")
        finish("error", "the program does not load: %s: %s" % (reply["x"][0], reply.get("m", "")))
    try: found = {str(k): unpack(v) for k, v in reply["names"].items()}
    except Exception: finish("error", "the program gave a value that cannot be read")
    for name in sorted(wanted):
        if name not in found: finish("error", "the program does not define %s" % name)
        scope[name] = found[name]
    run(code, scope, tests)
    if calls == 0: finish("error", "the tests never called the program")
    finish("pass", "")

def run(code, scope, tests):
    try: exec(code, scope)
    except Raised as error:
        finish("error", "the program raised %s: %s%s" % (type(error).__name__, error, at(error, tests)))
    except AssertionError as error:
        finish("fail", "a test does not hold" + at(error, tests))
    except BaseException as error:
        finish("fail", "a test raised %s: %s%s" % (type(error).__name__, error, at(error, tests)))

sys.set_int_max_str_digits(0) if hasattr(sys, "set_int_max_str_digits") else None
try: main()
except BaseException as error: finish("error", "the tests cannot be run: %s: %s" % (type(error).__name__, error))
)py";

constexpr const char* kPlayer = R"py(
line = os.fdopen(3, "rb")
out = os.fdopen(os.dup(3), "wb")
objects = {}
LISTED = 100000

def keep(x):
    if isinstance(x, collections.abc.Iterator): return ["g", [encode(v, keep) for v in itertools.islice(x, LISTED)]]
    objects[len(objects)] = x
    return ["o", len(objects) - 1, type(x).__name__]

def raised(error):
    names = [c.__name__ for c in type(error).__mro__]
    try: text = str(error)[:500]
    except BaseException: text = ""
    return {"x": names, "m": text}

def known(tag, rest):
    if tag == "o": return objects[rest[0]]
    if tag == "n": return getattr(module, rest[0])
    def back(*args):
        send(out, {"back": rest[0], "args": encode(list(args), keep)})
        reply = receive(line)
        if "x" in reply: raise getattr(builtins, reply["x"][0], RuntimeError)(reply["m"])
        return decode(reply["r"], known)
    return back

ACTIONS = {
    "call": lambda on, args, kwargs: on(*args, **kwargs),
    "get": lambda on, args, kwargs: getattr(on, args[0]),
    "set": lambda on, args, kwargs: setattr(on, args[0], args[1]),
    "item": lambda on, args, kwargs: on[args[0]],
    "put": lambda on, args, kwargs: operator.setitem(on, args[0], args[1]),
    "len": lambda on, args, kwargs: len(on),
    "bool": lambda on, args, kwargs: bool(on),
    "list": lambda on, args, kwargs: list(itertools.islice(iter(on), LISTED)),
    "str": lambda on, args, kwargs: str(on),
}

def load(request):
    exec(compile(request["code"], "<program>", "exec"), module.__dict__)
    return {"names": {n: encode(getattr(module, n), keep) for n in request["names"] if hasattr(module, n)}}

def act(request):
    args, kwargs = decode(request["args"], known), decode(request["kwargs"], known)
    before = [encode(a, keep) if isinstance(a, (list, dict, set, bytearray, collections.deque)) else None for a in args]
    on = decode(request["on"], known)
    result = encode(ACTIONS[request["do"]](on, args, kwargs), keep)
    changed = []
    for index, old in enumerate(before):
        if old is None: continue
        now = encode(args[index], keep)
        if now != old: changed.append([index, now])
    return {"r": result, "changed": changed}

def main():
    while True:
        request = receive(line)
        try: answer = load(request) if request["do"] == "load" else act(request)
        except BaseException as error: answer = raised(error)
        try: send(out, answer)
        except (ValueError, TypeError, RecursionError) as error: send(out, raised(error))

module = types.ModuleType("program")
sys.modules["program"] = module
sys.stdin = open(os.devnull)
try: main()
except (EOFError, BrokenPipeError, ConnectionError): os._exit(0)
)py";

}  // namespace

std::string judge_script() { return fmt::format("{}import ast\n{}{}", kValues, kFork, kJudge); }
std::string player_script() {
  return fmt::format(
      "{}import bisect, copy, functools, heapq, itertools, operator, random, string, types, typing\n{}{}", kValues,
      kFork, kPlayer);
}

}  // namespace reckon
