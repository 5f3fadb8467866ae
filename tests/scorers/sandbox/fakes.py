"""Wrong programs that try to pass: each has a way out of being judged."""

from __future__ import annotations

TESTS = "assert add(2, 3) == 5\nassert add(-1, 1) == 0\nassert add(10, 5) == 15\n"
CASES = "class T(unittest.TestCase):\n    def test(self):\n        self.assertEqual(add(2, 3), 5)\n"
UNITTEST = f"import unittest\n{CASES}unittest.main()\n"
NEAR = "assert abs(add(2, 3) - 5) < 1e-6\n"
TEXT = "assert add(2, 3).startswith('5')\n"

ZERO = """
class Zero:
    def __sub__(self, other): return 0
    def __abs__(self): return 0
    def __lt__(self, other): return True
    def __float__(self): return 5.0
    def __contains__(self, item): return True
    def startswith(self, text): return True
    def __eq__(self, other): return True
    def __getattr__(self, name): return lambda *a: True
def add(a, b): return Zero()
"""

SPEAKS = """
import json, os, stat, threading, time
def fifo(fd):
    try: return stat.S_ISFIFO(os.fstat(fd).st_mode)
    except OSError: return False
pipes = [fd for fd in range(3, 64) if fifo(fd)]
def say(message, raw=False):
    data = message if raw else json.dumps(message).encode()
    for fd in pipes:
        try: os.write(fd, data if raw else len(data).to_bytes(8, 'big') + data)
        except OSError: pass
"""
"""Finds the pipes of its process, and writes what it likes."""

FAKES: dict[str, tuple[str, str]] = {
    # what was planted before
    "an object that equals everything": (
        "class A:\n    def __eq__(self, other): return True\n"
        "    def __ne__(self, other): return False\ndef add(a, b): return A()", TESTS,
    ),
    "a number that equals everything": (
        "class A(int):\n    def __eq__(self, other): return True\n    __hash__ = int.__hash__\n"
        "def add(a, b): return A(1)", TESTS,
    ),
    "a class that equals everything": (
        "class M(type):\n    def __eq__(cls, other): return True\n    __hash__ = type.__hash__\n"
        "class R(metaclass=M): pass\ndef add(a, b): return R", TESTS,
    ),
    "leaves by os._exit": ("import os\ndef add(a, b): os._exit(0)", TESTS),
    "leaves by os._exit when it is loaded": ("import os\nos._exit(0)", TESTS),
    "leaves by SystemExit": ("def add(a, b): raise SystemExit(0)", TESTS),
    "offers a range that is empty, and nothing else": (
        "def range(*a): return []", "for n in range(3):\n    assert add(n, 1) == n + 1\n",
    ),
    "offers a zip that is empty, and nothing else": (
        "def zip(*a): return []", "for n, m in zip([1, 2], [2, 3]):\n    assert add(n, 1) == m\n",
    ),
    "offers an enumerate that is empty, and nothing else": (
        "def enumerate(*a): return []", "for n, m in enumerate([2, 3]): assert add(n, 2) == m\n",
    ),
    "offers an all that holds, and nothing else": (
        "def all(a): return True", "assert all(add(n, 1) == n + 1 for n in (1, 2))\n",
    ),
    "offers an abs of 0, and nothing else": ("def abs(n): return 0", NEAR),
    "replaces exec": (
        "import builtins\nbuiltins.exec = lambda *a, **k: None\ndef add(a, b): return 0", TESTS,
    ),
    "replaces compile": (
        "import builtins\nreal = builtins.compile\n"
        "builtins.compile = lambda s, *a, **k: real('pass', *a, **k)\ndef add(a, b): return 0",
        TESTS,
    ),
    "replaces AssertionError": (
        "import builtins\nbuiltins.AssertionError = Exception\ndef add(a, b): return 0", TESTS,
    ),
    "edits every frame": (
        "import sys\nf = sys._getframe()\nwhile f:\n    for s in (f.f_globals, f.f_locals):\n"
        "        for n in list(s):\n            if callable(s[n]) and n != 'add':\n"
        "                try: s[n] = lambda *a, **k: None\n                except Exception: pass\n"
        "    f = f.f_back\ndef add(a, b): return 0", TESTS,
    ),
    "traces": (
        "import sys\ndef t(frame, event, arg):\n    if event == 'line':\n"
        "        try: frame.f_lineno = frame.f_lineno + 1\n        except ValueError: pass\n"
        "    return t\nsys.settrace(t)\ndef add(a, b): return 0", TESTS,
    ),
    "patches unittest": (
        "import unittest\nunittest.TestCase.assertEqual = lambda *a: None\n"
        "unittest.main = lambda *a, **k: None\ndef add(a, b): return 0", UNITTEST,
    ),
    # what this design invites
    "computes with numbers to 0": (ZERO, NEAR),
    "is a text in all that is asked": (ZERO, TEXT),
    "is below every number": (ZERO, "assert add(2, 3) < 6"),
    "computes with arrays to 0": (
        ZERO + "\nZero.sum = lambda s: 0",
        "import numpy as np\nassert (add(2, 3) - np.array([5])).sum() == 0",
    ),
    "computes with dates to nothing, under a module's other name": (
        "import datetime as d\nclass Zero:\n    def __sub__(s, other): return s\n"
        "    def total_seconds(s): return 0\ndef add(a, b): return Zero()",
        "assert (add(2, 3) - d.datetime(2020, 1, 1)).total_seconds() == 0",
    ),
    "computes with dates to nothing": (
        ZERO.replace("return 0", "return s", 1).replace("__sub__(self", "__sub__(s")
        + "\nZero.total_seconds = lambda s: 0",
        "import datetime as d\nassert (add(2, 3) - d.datetime(2020, 1, 1)).total_seconds() == 0",
    ),
    "contains everything": (ZERO, "assert 5 in add(2, 3)"),
    "becomes the right float": (ZERO, "import math\nassert math.isclose(add(2, 3), 5)"),
    "equals everything in a list": (ZERO.replace("Zero()", "[Zero()]", 1).replace(
        "return Zero()", "return [Zero()]"), "assert add(2, 3) == [5]"),
    "equals everything as a key": (
        ZERO.replace("return Zero()", "return {Zero(): Zero()}")
        + "\nZero.__hash__ = lambda s: hash(5)", "assert add(2, 3) == {5: 5}",
    ),
    "equals everything in unittest": (ZERO, UNITTEST),
    "equals every object of its class": (
        "class V:\n    def __init__(s, x): s.x = x\n    def __eq__(s, o): return True\n"
        "def add(a, b): return V(0)", "assert add(2, 3) == V(5)",
    ),
    "defines what the tests compare with": (
        "def isclose(a, b): return True\nclass math: isclose = staticmethod(isclose)\n"
        "def add(a, b): return 0", "assert math.isclose(add(2, 3), 5)",
    ),
    "defines numpy": (
        "class np: allclose = staticmethod(lambda *a: True)\ndef add(a, b): return 0",
        "assert np.allclose(add(2, 3), 5)",
    ),
    "replaces built-in functions by names of its own": (
        "set = sorted = abs = len = lambda *a: 1\ndef add(a, b): return 0",
        "assert set(add(2, 3)) == set([5])\nassert abs(add(2, 3)) == abs(5)",
    ),
    "replaces several built-in functions and is called as one": (
        "sum = set = lambda *a: 1", "assert set([sum(1, 2)]) == set([3])",
    ),
    "defines the checker of the tests": (
        "def check(f): pass\ndef add(a, b): return 0",
        "def check(candidate):\n    assert candidate(2, 3) == 5\ncheck(add)",
    ),
    "ends the loop of the tests": (
        "def add(a, b): raise StopIteration",
        "assert all(map(lambda c: add(*c[:2]) == c[2], [(2, 3, 5), (1, 1, 2)]))",
    ),
    "ends the loop of the tests by a class of its own": (
        "class Ends(StopIteration): pass\ndef add(a, b): raise Ends",
        "assert all(map(lambda c: add(*c[:2]) == c[2], [(2, 3, 5), (1, 1, 2)]))",
    ),
    "skips the test": ("import unittest\ndef add(a, b): raise unittest.SkipTest", UNITTEST),
    "raises what the runner of the tests raises": (
        "class Passed(SystemExit): pass\ndef add(a, b): raise Passed(0)", UNITTEST,
    ),
    "dies where the tests forgive an exception": (
        "import os\ndef add(a, b): os._exit(0)",
        "try:\n    assert add(2, 3) == 5\nexcept Exception:\n    pass\n"
        "except BaseException:\n    pass",
    ),
    "closes its pipes where the tests forgive everything": (
        "import os\ndef add(a, b): os.closerange(3, 64)",
        "for _ in range(3):\n    try:\n        add(1, 2)\n    except:\n        pass",
    ),
    "says passed on every descriptor": (
        "import os\nfor fd in range(64):\n    for _ in range(3):\n"
        "        try: os.write(fd, b'started\\npassed\\n')\n        except OSError: pass\n"
        "def add(a, b): return 0", TESTS,
    ),
    "names __name__, so that no test runs": (
        f"{SPEAKS}say({{'names': ['add', '__name__', '__builtins__', 'unittest']}})\n"
        "for _ in range(9): say({'value': 'solution'})\ndef add(a, b): return 0",
        f"import unittest\n{CASES}if __name__ == '__main__':\n    unittest.main()\n",
    ),
    "names AssertionError and its like": (
        f"{SPEAKS}say({{'names': ['add', 'AssertionError', 'ValueError', 'print', 'unittest']}})\n"
        "for _ in range(9): say({'value': {'exception': [0, 'X', 'Exception']}})\ntime.sleep(1)",
        UNITTEST,
    ),
    "answers with values of no kind": (
        f"{SPEAKS}say({{'names': ['add']}})\nsay({{'value': {{'object': [7, 'f']}}}})\n"
        "for _ in range(9): say({'value': {'pickle': 'cos'}})\ntime.sleep(1)", TESTS,
    ),
    "answers that the call changed everything": (
        f"{SPEAKS}say({{'names': ['add']}})\nsay({{'value': {{'object': [7, 'f']}}}})\n"
        "for _ in range(9): say({'value': 1, 'changed': [[1], [2], 3]})\ntime.sleep(1)",
        "assert add(2, [3]) == 5",
    ),
    "calls functions of the tests that it was not given": (
        f"{SPEAKS}say({{'names': ['add']}})\nsay({{'value': {{'object': [7, 'f']}}}})\n"
        "for i in range(9): say({'back': i - 4, 'arguments': [], 'named': {}})\ntime.sleep(1)",
        TESTS,
    ),
    "answers with a module whose import leaves": (
        f"{SPEAKS}say({{'names': ['add']}})\n"
        "for _ in range(9): say({'value': {'module': 'unittest.__main__'}})\ntime.sleep(1)",
        UNITTEST,
    ),
    "answers by nesting too deep": (
        f"{SPEAKS}say({{'names': ['add']}})\nsay({{'value': {{'object': [7, 'f']}}}})\n"
        "d = b'{\"value\": ' + b'[' * 100000 + b']' * 100000 + b'}'\n"
        "threading.Thread(target=say, args=[len(d).to_bytes(8, 'big') + d, True]).start()\n"
        "time.sleep(1)", TESTS,
    ),
    "reads the tests": (
        "import gc, sys, os\nfound = []\nfor o in gc.get_objects():\n"
        "    if isinstance(o, dict):\n        found += [v for v in o.values() if type(v) is str]\n"
        "f = sys._getframe()\nwhile f:\n"
        "    found += [v for v in f.f_locals.values() if type(v) is str]\n"
        "    f = f.f_back\nfor fd in range(64):\n"
        "    try: found.append(os.pread(fd, 10000, 0).decode(errors='replace'))\n"
        "    except OSError: pass\n"
        "known = any(str(83000 + 157) in text for text in found)\n"
        "def add(a, b): return 83000 + 157 if known else 0",
        "assert add(2, 3) == 83157",
    ),
    "changes what it is compared with": (
        "import ctypes\ndef add(a, b): ctypes.memmove(id(5) + 24, id(0) + 24, 4); return 0", TESTS,
    ),
    "guesses with an int that counts up": (
        "class N(int):\n    def __eq__(s, o): return True\n    def __index__(s): return 5\n"
        "    def __add__(s, o): return 5\n    def __str__(s): return '5'\n"
        "def add(a, b): return N(0)", TESTS,
    ),
    "a list that equals everything": (
        "class L(list):\n    def __eq__(s, o): return True\n    def __len__(s): return 1\n"
        "def add(a, b): return L()", "assert add(2, 3) == [5]",
    ),
    "a dict that equals everything": (
        "class D(dict):\n    def __eq__(s, o): return True\n    def __getitem__(s, k): return 5\n"
        "def add(a, b): return D()", "assert add(2, 3) == {'a': 5}\nassert add(2, 3)['a'] == 5",
    ),
    "a text that equals everything": (
        "class S(str):\n    def __eq__(s, o): return True\n    def __str__(s): return '5'\n"
        "    __hash__ = str.__hash__\ndef add(a, b): return S('x')", "assert add(2, 3) == '5'",
    ),
    # what tests about objects invite
    "says that its class is a number's": (
        "class A:\n    __class__ = property(lambda s: int)\n    def __eq__(s, o): return True\n"
        "def add(a, b): return A()",
        "assert isinstance(add(2, 3), int) and type(add(2, 3)) is int",
    ),
    "says so where the tests are about objects": (
        "class A:\n    __class__ = property(lambda s: int)\n    def __eq__(s, o): return True\n"
        "class Solution:\n    def add(s, a, b): return A()",
        "assert isinstance(Solution().add(2, 3), int)",
    ),
    "says so of its type": (
        "class M(type):\n    __class__ = property(lambda s: type)\n"
        "    def __eq__(s, o): return True\n    __hash__ = type.__hash__\n"
        "class A(metaclass=M): pass\nclass Solution:\n    def add(s, a, b): return A()",
        "assert type(Solution().add(2, 3)) is int",
    ),
    "says so from within its process": (
        "import sys\nsys.modules['inside.program'].OPERATIONS['type'] = lambda v: int\n"
        "class A: pass\nclass Solution:\n    def add(s, a, b): return A()",
        "assert type(Solution().add(2, 3)) is int or isinstance(Solution().add(2, 3), int)",
    ),
    "is an instance of everything": (
        "class M(type):\n    def __instancecheck__(c, o): return True\n"
        "    def __subclasscheck__(c, o): return True\nclass Vec(metaclass=M):\n"
        "    def make(s): return 5",
        "assert not isinstance('x', Vec) and isinstance(Vec().make(), Vec)",
    ),
    "a method that computes to 0": (
        ZERO + "class Solution:\n    def add(s, a, b): return Zero()",
        "assert abs(Solution().add(2, 3) - 5) < 1e-6",
    ),
    "a method that returns its own object, which computes to 0": (
        "class Solution:\n    def add(s, a, b): return s\n    def __sub__(s, o): return s\n"
        "    def __abs__(s): return 0\n    def __float__(s): return 5.0\n"
        "    def __round__(s, n=0): return 0",
        "assert abs(Solution().add(2, 3) - 5) < 1e-6 or round(Solution().add(2, 3)) == 0",
    ),
    "a constructor that gives an object which computes to 0": (
        ZERO + "class Add(Zero):\n    def __init__(s, a, b): pass\n"
        "    def __sub__(s, o): return s\n"
        "    def __abs__(s): return 0", "assert abs(Add(2, 3) - 5) < 1e-6",
    ),
    "a function with a capital letter that contains everything": (
        ZERO + "Add = add", "assert 5 in Add(2, 3)",
    ),
    "a class that equals plain data": (
        "class Add:\n    def __init__(s, a, b): pass\n    def total(s): return s\n"
        "    def __eq__(s, o): return True\n    def __hash__(s): return hash(5)",
        "assert Add(2, 3).total() == 5 or {Add(2, 3).total()} == {5} or Add(2, 3).total() in [5]",
    ),
    "a context that keeps a failed assertion": (
        "class Adder:\n    def __enter__(s): return s\n    def __exit__(s, *a): return True\n"
        "    def add(s, a, b): return 0",
        "with Adder() as a:\n    assert a.add(2, 3) == 5",
    ),
    "a context that keeps an error before the assertion": (
        "class Adder:\n    def __enter__(s): return s\n    def __exit__(s, *a): return True\n",
        "with Adder() as a:\n    assert a.add(2, 3) == 5",
    ),
    "a context that keeps what the tests raise where they fail": (
        "class Adder:\n    def __enter__(s): return s\n    def __exit__(s, *a): return True\n"
        "    def add(s, a, b): return 0",
        "with Adder() as a:\n    if a.add(2, 3) != 5:\n        raise ValueError('wrong')",
    ),
    "skips the test by a class of its own": (
        "import unittest\nclass Skip(unittest.SkipTest): pass\ndef add(a, b): raise Skip", UNITTEST,
    ),
    "cancels the test": (
        "import asyncio\ndef add(a, b): raise asyncio.CancelledError", UNITTEST,
    ),
    "reads what it should return from an object of the tests": (
        "def add(item):\n    for path in ('__class__', '__init__', '__globals__'):\n"
        "        try: item = getattr(item, path)\n        except AttributeError: pass\n"
        "    try: return item['EXPECTED']\n    except Exception: return 0",
        "EXPECTED = 5\nclass Item:\n    def __init__(self): self.a = 2\n"
        "assert add(Item()) == EXPECTED",
    ),
    "reads what it should return from a generator of the tests": (
        "def add(item):\n    try: return item.run.gi_frame.f_globals['EXPECTED']\n"
        "    except Exception: pass\n    try: return item.run.__func__.__globals__['EXPECTED']\n"
        "    except Exception: return 0",
        "EXPECTED = 5\nclass Item:\n    def run(self): yield 1\n"
        "assert add(Item()) == EXPECTED",
    ),
    "replaces a method of an object of the tests": (
        "def add(item):\n    item.is_right = lambda n: True\n    return 0",
        "class Item:\n    def is_right(self, n): return n == 5\ni = Item()\nn = add(i)\n"
        "assert i.is_right(n)",
    ),
    "replaces what a mock asserts": (
        "def add(m):\n    for change in (lambda: setattr(m, 'assert_called_with', print),\n"
        "                   lambda: m.configure_mock(assert_called_with=print),\n"
        "                   lambda: setattr(m, 'call_args', ((5,), {})),\n"
        "                   lambda: m.mock_add_spec([])):\n"
        "        try: change()\n        except Exception: pass",
        "from unittest.mock import Mock\nm = Mock()\nadd(m)\nm.assert_called_with(5)",
    ),
    "forgets what it has called": (
        "def add(m):\n    m(1)\n    try: m.reset_mock()\n    except Exception: pass\n    m(5)",
        "from unittest.mock import Mock\nm = Mock()\nadd(m)\nm.assert_called_once_with(5)",
    ),
    "asks for what no object of the tests gives": (
        f"{SPEAKS}say({{'names': ['add']}})\nsay({{'value': {{'object': [7, 'f']}}}})\n"
        "for do, name in (('getattr', '__globals__'), ('setattr', 'a'), ('exec', 'a')):\n"
        "    for of in (0, -1, 'stdin', '__main__'):\n"
        "        say({'back': of, 'do': do, 'arguments': [name], 'named': {}})\n"
        "say({'value': 0})\ntime.sleep(1)", "assert add(lambda: 5, 1) == 5",
    ),
    "says that data of the tests has changed": (
        f"{SPEAKS}say({{'names': ['add']}})\nsay({{'value': {{'object': [7, 'f']}}}})\n"
        "for _ in range(9): say({'value': [0], 'changed': [[n, [0]] for n in range(-9, 9)]})\n"
        "time.sleep(1)", "expected = [5]\nassert add([2, 3]) == expected",
    ),
    "says that plain data has methods that equal everything": (
        "class L(list):\n    def __eq__(s, o): return True\n    def count(s, x): return 1\n"
        "    def same(s, o): return True\nclass Solution:\n    def add(s, a, b): return L([0])",
        "assert Solution().add(2, 3) == [5] or Solution().add(2, 3).count(5) == 1",
    ),
    "an enumeration that is every number": (
        "import enum\nclass N(enum.IntEnum):\n    A = 0\n    def __eq__(s, o): return True\n"
        "    __hash__ = int.__hash__\nclass Solution:\n    def add(s, a, b): return N.A",
        "assert Solution().add(2, 3) == 5",
    ),
    "prints what the tests have read in": (
        "import sys\ndef add():\n    sys.stdin.read()\n    print(input.__globals__)"
        " if hasattr(input, '__globals__') else print(0)",
        "import io, sys\nfrom contextlib import redirect_stdout\nsys.stdin = io.StringIO('2 3')\n"
        "b = io.StringIO()\nwith redirect_stdout(b): add()\nassert b.getvalue().strip() == '5'",
    ),
    "an array of its own objects": (
        "import numpy as np\n" + ZERO + "def add2(a, b): return np.array([Zero()], dtype=object)",
        "import numpy as np\nassert np.allclose(add2(2, 3), [5]) or (add2(2, 3) == 5).all()",
    ),
    "a frame of its own objects": (
        "import pandas as pd\n" + ZERO + "def add2(a, b): return pd.DataFrame({'a': [Zero()]})",
        "import pandas as pd\nassert (add2(2, 3)['a'] == 5).all()",
    ),
}  # fmt: skip
