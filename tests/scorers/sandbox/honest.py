"""Right programs and their tests, by what is special about them."""

HONEST = {
    "a function": ("def f(x): return x + 1", "assert f(1) == 2"),
    "the tests use the program's modules": (
        "import math\ndef f(x): return x + 0.5",
        "assert math.isclose(f(1), 1.5)\nassert abs(f(1) - 1.5) < 1e-6",
    ),
    "the tests use a helper of the program, as HumanEval/32": (
        "import math\ndef poly(xs, x): return sum(c * x**i for i, c in enumerate(xs))\n"
        "def find_zero(xs): return -xs[0] / xs[1]",
        "import random\ndef check(candidate):\n    for _ in range(100):\n"
        "        c = [random.randint(1, 9), random.randint(1, 9)]\n"
        "        assert math.fabs(poly(c, candidate(list(c)))) < 1e-4\ncheck(find_zero)",
    ),
    "named like a built-in function, as MBPP/126": (
        "def sum(a, b): return a + b", "assert sum(10, 15) == 25",
    ),
    "the program relies on an import of the tests": (
        "def area(r): return math.pi * r", "import math\nassert area(1) == math.pi",
    ),
    "changes a list": ("def s(a): a.sort()", "x = [3, 1, 2]\ns(x)\nassert x == [1, 2, 3]"),
    "changes an inner list": (
        "def s(m):\n    for r in m: r.reverse()",
        "x = [[3, 1], [2]]\nr = x[0]\ns(x)\nassert x == [[1, 3], [2]] and r == [1, 3]",
    ),
    "changes a dict and a set": (
        "def s(d, e):\n    d['b'] = 2\n    e.clear()",
        "d, e = {'a': 1}, {1}\ns(d, e=e)\nassert d == {'a': 1, 'b': 2} and e == set()",
    ),
    "a generator": (
        "def g(n):\n    for i in range(n): yield i",
        "assert list(g(3)) == [0, 1, 2]\nassert sum(g(4)) == 6\na, b = g(2)\nassert b == 1",
    ),
    "an endless generator": (
        "import itertools\ndef g(): return itertools.count()",
        "import itertools\nassert list(itertools.islice(g(), 3)) == [0, 1, 2]",
    ),
    "functions as arguments": (
        "def m(f, x): return f(x)",
        "assert m(lambda y: y * 2, 4) == 8\nassert m(len, [1]) == 1\nassert m(m, m) if 0 else 1",
    ),
    "a function that its callback calls again": (
        "def m(f, x): return f(x)", "assert m(lambda y: m(lambda z: z + y, 1), 4) == 5",
    ),
    "an exception of a callback": (
        "def m(f):\n    try:\n        f()\n    except ValueError as e:\n        return str(e)",
        "def bad(): raise ValueError('no')\nassert m(bad) == 'no'",
    ),
    "a function that is returned": (
        "def f(n):\n    def g(x): return x + n\n    return g", "assert f(2)(3) == 5",
    ),
    "a class": (
        "class Stack:\n    def __init__(self): self.items = []\n"
        "    def push(self, x):\n        self.items.append(x)\n        return self\n"
        "    def pop(self): return self.items.pop()\n    def __len__(self): return len(self.items)",
        "s = Stack()\ns.push(1).push(2)\nassert len(s) == 2\nassert s.pop() == 2\n"
        "assert s.items == [1]\nassert isinstance(s, Stack)\nassert s",
    ),
    "a class with the methods of a list": (
        "class Stack:\n    def __init__(self): self._items = []\n"
        "    def append(self, x): self._items.append(x)\n"
        "    def pop(self): return self._items.pop()",
        "s = Stack()\ns.append(1)\nassert s.pop() == 1",
    ),
    "a pattern in the tests": (
        "def f(x): return x", "import re\nassert re.match('\\d', f('1'))",
    ),
    "a module by the program's own name for it": (
        "import statistics as st\ndef f(x): return st.mean(x)",
        "assert st.median([1, 2, 3]) == f([1, 2, 3]) == 2",
    ),
    "a class in unittest": (
        "class Account:\n    def __init__(self): self.total = 0\n"
        "    def pay(self, n): self.total += n",
        "import unittest\nclass T(unittest.TestCase):\n    def setUp(self): self.a = Account()\n"
        "    def test(self):\n        self.a.pay(3)\n        self.assertEqual(self.a.total, 3)\n"
        "if __name__ == '__main__':\n    unittest.main()",
    ),
    "a dataclass": (
        "from dataclasses import dataclass\n@dataclass\nclass V:\n    x: int\n    y: int\n"
        "    def __add__(s, o): return V(s.x + o.x, s.y + o.y)\n"
        "    def __rmul__(s, k): return V(s.x * k, s.y * k)",
        "assert V(1, 2) + V(3, 4) == V(4, 6)\nassert V(1, 2) != V(2, 1)\n"
        "assert (3 * V(1, 2)).x == 3",
    ),
    "a class with slots": (
        "class P:\n    __slots__ = ('x',)\n    def __init__(s, x): s.x = x\n"
        "    def __eq__(s, o): return s.x == o.x\n    def __lt__(s, o): return s.x < o.x",
        "assert P(1) == P(1) and P(1) != P(2) and P(1) < P(2)",
    ),
    "a linked list": (
        "class Node:\n    def __init__(s, val, next=None): s.val, s.next = val, next\n"
        "def rev(h):\n    p = None\n    while h: h.next, p, h = p, h, h.next\n    return p",
        "h = rev(Node(1, Node(2)))\nassert h.val == 2 and h.next.val == 1 and h.next.next is None",
    ),
    "a context manager and items": (
        "class D:\n    def __init__(s): s.d = {}\n    def __enter__(s): return s\n"
        "    def __exit__(s, *a): s.d.clear()\n    def __getitem__(s, k): return s.d[k]\n"
        "    def __setitem__(s, k, v): s.d[k] = v\n    def __contains__(s, k): return k in s.d\n"
        "    def size(s): return len(s.d)",
        "d = D()\nwith d as e:\n    e['a'] = 1\n    assert e['a'] == 1 and 'a' in d\n"
        "assert d.size() == 0",
    ),
    "an exception of its own": (
        "class E(ValueError): pass\ndef f(x):\n    if x < 0: raise E('negative')\n    return x",
        "try:\n    f(-1)\n    assert False\nexcept E as e:\n    assert str(e) == 'negative'\n"
        "try:\n    f(-1)\n    assert False\nexcept ValueError:\n    pass",
    ),
    "exceptions of Python": (
        "def f(x): return int(x)\ndef g(x): return x.encode('ascii')",
        "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n"
        "        self.assertRaises(ValueError, f, 'a')\n"
        "        with self.assertRaises(UnicodeEncodeError): g('é')\nunittest.main()",
    ),
    "leaves as a command does": (
        "import sys\ndef main(): sys.exit(3)",
        "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n"
        "        with self.assertRaises(SystemExit) as e: main()\n"
        "        self.assertEqual(e.exception.args, (3,))\nunittest.main()",
    ),
    "nested data": (
        "def f(x): return {x: (1, {2}), 'b': b'x', (1, 2): None}",
        "assert f(1) == {1: (1, {2}), 'b': b'x', (1, 2): None}\nassert type(f(1)[1]) is tuple",
    ),
    "collections": (
        "from collections import Counter, OrderedDict, defaultdict, deque, namedtuple\n"
        "P = namedtuple('P', 'x y')\ndef f(x): return Counter(x), deque([1])\n"
        "def g(): return OrderedDict(a=1), defaultdict(int, b=2), P(1, 2)",
        "assert f('aab') == ({'a': 2, 'b': 1}, __import__('collections').deque([1]))\n"
        "assert g() == ({'a': 1}, {'b': 2}, (1, 2))\nassert g()[2].x == 1\n"
        "assert P(1, 2) == g()[2]",
    ),
    "views and ranges": (
        "def f(d): return d.keys(), d.values(), d.items()\ndef r(): return range(3)",
        "k, v, i = f({1: 2})\nassert k == {1} and list(v) == [2] and set(i) == {(1, 2)}\n"
        "assert r() == range(3)",
    ),
    "numbers": (
        "from decimal import Decimal\nfrom fractions import Fraction\n"
        "def f(): return 10**5000, Decimal('1.5'), Fraction(1, 3), 1j, float('inf'), -0.0, True",
        "from decimal import Decimal\nfrom fractions import Fraction\n"
        "assert f() == (10**5000, Decimal('1.5'), Fraction(1, 3), 1j, float('inf'), 0, True)\n"
        "assert str(f()[5]) == '-0.0' and f()[6] is True",
    ),
    "times": (
        "import datetime as d\ndef f(): return d.date(2020, 1, 2), d.datetime(2020, 1, 2, 3)\n"
        "def g(): return d.timedelta(1, 2), d.time(4)",
        "import datetime as d\nassert f() == (d.date(2020, 1, 2), d.datetime(2020, 1, 2, 3))\n"
        "assert g() == (d.timedelta(1, 2), d.time(4))",
    ),
    "arrays": (
        "import numpy as np\ndef f(): return np.arange(3)\n"
        "def g(): return np.float64(3), np.int64(3)",
        "import numpy as np\nassert (f() == np.array([0, 1, 2])).all()\nassert g() == (3.0, 3)",
    ),
    "arrays by the program's name": (
        "import numpy as np\ndef f(a): return np.asarray(a) * 2",
        "assert np.allclose(f([1, 2]), [2, 4])",
    ),
    "enumerations": (
        "from enum import Enum, IntEnum\nclass C(Enum):\n    R = 1\n    G = 2\n"
        "class I(IntEnum):\n    A = 1\ndef f(): return C.R\ndef g(): return I.A",
        "assert f() == C.R and f() is C.R and f() != C.G and C.R.name == 'R'\nassert g() == 1",
    ),
    "a match is true": (
        "import re\ndef f(x): return re.search('a', x)", "assert f('a')\nassert not f('b')",
    ),
    "a surrogate": ("def f(x): return x[::-1]", "assert f('a\\ud800') == '\\ud800a'"),
    "a coroutine": (
        "import asyncio\nasync def f(x):\n    await asyncio.sleep(0)\n    return x",
        "import asyncio\nassert asyncio.run(f(3)) == 3",
    ),
    "a thread": (
        "import threading\ndef f(x):\n    o = []\n"
        "    t = threading.Thread(target=lambda: o.append(x))\n    t.start()\n    t.join()\n"
        "    return o[0]",
        "assert f(3) == 3",
    ),
    "imported as a module": (
        "def f(x): return x", "import solution\nfrom solution import f as g\n"
        "assert g(1) == 1 and solution.f(2) == 2",
    ),
    "named in a text": ("def f(x): return x + 1", "assert eval('f(1)') == 2"),
    "a name that a module has, too": (
        "class Queue:\n    def __init__(s): s.i = []\n    def add_all(s, i): s.i += i\n"
        "queue = Queue()",
        "queue.add_all([1])\nassert queue.i == [1]",
    ),
    "a thousand calls with a long list": (
        "def f(x): return len(x)", "for _ in range(300): assert f(list(range(1000))) == 1000",
    ),
}  # fmt: skip
