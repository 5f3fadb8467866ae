"""Right programs with tests in the style of public benchmarks of code, by what is special.

The style is that of HumanEval, MBPP, ClassEval, BigCodeBench, DS-1000 and LiveCodeBench; none of them
is an item of theirs.
"""

# ruff: noqa: E501 - programs and tests as they are written

HUMANEVAL = {
    "check of a candidate": (
        "from typing import List\n\ndef below(xs: List[int], n: int) -> List[int]:\n"
        '    """Keep what is below n."""\n    return [x for x in xs if x < n]\n',
        "METADATA = {'author': 'x', 'dataset': 'test'}\n\ndef check(candidate):\n"
        "    assert candidate([1, 5, 2], 3) == [1, 2]\n    assert candidate([], 3) == []\n"
        "check(below)\n",
    ),
    "a tolerance": (
        "def mad(xs):\n    m = sum(xs) / len(xs)\n    return sum(abs(x - m) for x in xs) / len(xs)\n",
        "def check(candidate):\n    assert abs(candidate([1.0, 2.0, 3.0]) - 2.0/3.0) < 1e-6\n"
        "check(mad)\n",
    ),
    "the type of a value": (
        "def ints(xs): return [x for x in xs if isinstance(x, int)]\n"
        "def pair(x): return (x, str(x))\n",
        "assert ints([1, 'a', 2.5]) == [1]\nassert isinstance(pair(1), tuple)\n"
        "assert all(type(x) is int for x in ints([1, 'b', 3]))\n",
    ),
    "a result that is sorted and counted": (
        "def words(s): return {w: s.split().count(w) for w in set(s.split())}\n",
        "assert sorted(words('a b a').items()) == [('a', 2), ('b', 1)]\n"
        "assert len(words('')) == 0\nassert max(words('a b a'), key=words('a b a').get) == 'a'\n",
    ),
    "a message of an assertion": (
        "def f(x): return x * 2\n",
        "assert f(2) == 4, f'expected 4, got {f(2)}'\nassert True, \"This prints if it fails\"\n",
    ),
    "None and bool": (
        "def largest(xs): return (max((x for x in xs if x < 0), default=None), None)\n"
        "def even(n): return n % 2 == 0\n",
        "assert largest([1]) == (None, None)\nassert even(2) is True and even(3) is False\n",
    ),
    "a hash of a text": (
        "import hashlib\ndef md5(s): return hashlib.md5(s.encode()).hexdigest() if s else None\n",
        "def check(candidate):\n    assert candidate('a') == '0cc175b9c0f1b6a831c399e269772661'\n"
        "    assert candidate('') is None\ncheck(md5)\n",
    ),
}

MBPP = {
    "a result of math": (
        "import math\ndef area(r): return math.pi * r * r\n",
        "import math\nassert math.isclose(area(2), 12.566370614359172, rel_tol=0.001)\n",
    ),
    "sets and tuples": (
        "def common(a, b): return tuple(set(a) & set(b))\n",
        "assert set(common((3, 4, 5), (5, 4, 9))) == set((4, 5))\n",
    ),
    "a class of the tests' setup": (
        "class Pair(object):\n    def __init__(self, a, b):\n        self.a = a\n        self.b = b\n"
        "def longest_chain(arr, n):\n    best = [1] * n\n    for i in range(n):\n"
        "        for j in range(i):\n            if arr[i].a > arr[j].b:\n"
        "                best[i] = max(best[i], best[j] + 1)\n    return max(best)\n",
        "assert longest_chain([Pair(5, 24), Pair(15, 25), Pair(27, 40), Pair(50, 60)], 4) == 3\n",
    ),
    "a tree that the tests build": (
        "class Node:\n    def __init__(self, data):\n        self.data = data\n"
        "        self.left = None\n        self.right = None\n"
        "def depth(node):\n    if node is None: return 0\n"
        "    return max(depth(node.left), depth(node.right)) + 1\n",
        "root = Node(1)\nroot.left = Node(2)\nroot.right = Node(3)\nroot.left.left = Node(4)\n"
        "assert (depth(root)) == 3\n",
    ),
    "a match of a pattern": (
        "import re\ndef found(s):\n    return re.search(r'(\\w+)@(\\w+)', s)\n",
        "m = found('to a@b now')\nassert m.group(0) == 'a@b' and m.group(1) == 'a'\n"
        "assert m.span() == (3, 6)\nassert found('x') is None\n",
    ),
    "a heap and a counter": (
        "import heapq\nfrom collections import Counter\n"
        "def top(xs, k): return Counter(xs).most_common(k)\n"
        "def small(xs, k): return heapq.nsmallest(k, xs)\n",
        "assert top([1, 1, 2], 1) == [(1, 2)]\nassert small([3, 1, 2], 2) == [1, 2]\n",
    ),
    "a deep copy of a nested list": (
        "def tuple_of(d):\n    return [(k, *v) for k, v in d.items()]\n",
        "from copy import deepcopy\nd = {'x': [1, 2]}\nbefore = deepcopy(d)\n"
        "assert tuple_of(d) == [('x', 1, 2)] and d == before\n",
    ),
    "a map and a filter": (
        "def squares(xs): return map(lambda x: x * x, xs)\ndef odd(xs): return filter(lambda x: x % 2, xs)\n",
        "assert list(squares([1, 2])) == [1, 4]\nassert sum(odd([1, 2, 3])) == 4\n"
        "assert next(squares([3])) == 9\n",
    ),
}

_ACCOUNT = (
    "class Insufficient(Exception):\n    def __init__(self, need, have):\n"
    "        super().__init__(f'need {need}, have {have}')\n        self.need = need\n"
    "class Account:\n    rate = 0.05\n    def __init__(self, balance=0):\n"
    "        self.balance = balance\n        self.log = []\n"
    "    def pay(self, n):\n        if n > self.balance: raise Insufficient(n, self.balance)\n"
    "        self.balance -= n\n        self.log.append(('pay', n))\n        return self.balance\n"
    "    @property\n    def empty(self): return self.balance == 0\n"
    "    @classmethod\n    def of(cls, n): return cls(n)\n"
    "    @staticmethod\n    def fee(n): return n * 2\n"
    "    def __str__(self): return f'Account({self.balance})'\n"
    "    def __repr__(self): return str(self)\n"
)
_CASE = "import unittest\nclass AccountTest(unittest.TestCase):\n"

CLASSEVAL = {
    "methods and attributes": (
        _ACCOUNT,
        f"{_CASE}    def setUp(self): self.a = Account(10)\n    def test_pay(self):\n"
        "        self.assertEqual(self.a.pay(3), 7)\n        self.assertEqual(self.a.balance, 7)\n"
        "        self.assertEqual(self.a.log, [('pay', 3)])\n        self.assertFalse(self.a.empty)\n"
        "if __name__ == '__main__':\n    unittest.main()\n",
    ),
    "an exception of its own": (
        _ACCOUNT,
        f"{_CASE}    def test(self):\n        with self.assertRaises(Insufficient) as context:\n"
        "            Account(1).pay(3)\n"
        "        self.assertEqual(str(context.exception), 'need 3, have 1')\n"
        "        self.assertRaises(Insufficient, Account().pay, 1)\nunittest.main()\n",
    ),
    "an attribute of an exception": (
        _ACCOUNT,
        f"{_CASE}    def test(self):\n        with self.assertRaises(Insufficient) as context:\n"
        "            Account(1).pay(3)\n        self.assertEqual(context.exception.need, 3)\n"
        "unittest.main()\n",
    ),
    "a pattern of an exception": (
        _ACCOUNT,
        f"{_CASE}    def test(self):\n"
        "        with self.assertRaisesRegex(Insufficient, 'need 3'): Account(1).pay(3)\n"
        "unittest.main()\n",
    ),
    "isinstance of a class": (
        _ACCOUNT + "class Savings(Account): pass\n",
        "a, s = Account.of(3), Savings.of(4)\nassert isinstance(a, Account)\n"
        "assert isinstance(s, Account) and not isinstance(a, Savings)\n"
        "assert issubclass(Savings, Account)\nassert type(a) is Account and type(s) == Savings\n",
    ),
    "assertIsInstance": (
        _ACCOUNT,
        f"{_CASE}    def test(self):\n        self.assertIsInstance(Account.of(2), Account)\n"
        "        self.assertTrue(hasattr(Account(), 'balance'))\n"
        "        self.assertFalse(hasattr(Account(), 'missing'))\nunittest.main()\n",
    ),
    "a class's own attributes": (
        _ACCOUNT,
        "assert Account.rate == 0.05\nassert Account.fee(2) == 4\nassert Account(0).empty is True\n"
        "assert str(Account(3)) == 'Account(3)' and f'{Account(3)}' == 'Account(3)'\n"
        "assert repr([Account(1)]) == '[Account(1)]'\nassert Account.__name__ == 'Account'\n"
        "assert Account(1).__class__.__name__ == 'Account' and type(Account(1)).__name__ == 'Account'\n",
    ),
    "the content of an object": (
        _ACCOUNT,
        "a = Account(2)\na.pay(1)\nassert a.__dict__ == {'balance': 1, 'log': [('pay', 1)]}\n"
        "assert vars(a)['balance'] == 1\n",
    ),
    "a list of an object that the tests change": (
        _ACCOUNT,
        "a = Account(5)\na.log.append(('start', 0))\na.pay(1)\n"
        "assert a.log == [('start', 0), ('pay', 1)]\n",
    ),
    "a dict of an object that the tests change": (
        "class Shop:\n    def __init__(self): self.stock = {}\n"
        "    def sell(self, x):\n        if self.stock.get(x, 0) < 1: return False\n"
        "        self.stock[x] -= 1\n        return True\n",
        "s = Shop()\ns.stock['pen'] = 1\nassert s.sell('pen') and not s.sell('pen')\n"
        "s.stock.update(cup=2)\nassert s.sell('cup')\nassert s.stock == {'pen': 0, 'cup': 1}\n",
    ),
    "length, items, membership, iteration": (
        "class Bag:\n    def __init__(self, *xs): self.xs = list(xs)\n"
        "    def __len__(self): return len(self.xs)\n    def __iter__(self): return iter(self.xs)\n"
        "    def __contains__(self, x): return x in self.xs\n"
        "    def __getitem__(self, i): return self.xs[i]\n"
        "    def __setitem__(self, i, x): self.xs[i] = x\n"
        "    def __delitem__(self, i): del self.xs[i]\n    def __bool__(self): return bool(self.xs)\n"
        "    def __reversed__(self): return reversed(self.xs)\n",
        "b = Bag(1, 2, 3)\nassert len(b) == 3 and list(b) == [1, 2, 3] and 2 in b and 9 not in b\n"
        "assert b[0] == 1 and b[1:] == [2, 3]\nb[0] = 7\ndel b[1]\nassert list(b) == [7, 3]\n"
        "assert not Bag() and list(reversed(b)) == [3, 7]\n",
    ),
    "operators with numbers": (
        "class Vec:\n    def __init__(self, x, y): self.x, self.y = x, y\n"
        "    def __add__(self, o): return Vec(self.x + o.x, self.y + o.y)\n"
        "    def __mul__(self, k): return Vec(self.x * k, self.y * k)\n    __rmul__ = __mul__\n"
        "    def __matmul__(self, o): return self.x * o.x + self.y * o.y\n"
        "    def __abs__(self): return (self.x ** 2 + self.y ** 2) ** 0.5\n"
        "    def __neg__(self): return Vec(-self.x, -self.y)\n"
        "    def __eq__(self, o): return isinstance(o, Vec) and (self.x, self.y) == (o.x, o.y)\n"
        "    def __hash__(self): return hash((self.x, self.y))\n",
        "v = Vec(3, 4)\nassert v + Vec(1, 1) == Vec(4, 5)\nassert v * 2 == 2 * v == Vec(6, 8)\n"
        "assert abs(v) == 5.0\nassert v @ Vec(1, 0) == 3\nassert -v == Vec(-3, -4)\n"
        "assert len({v, Vec(3, 4)}) == 1\nassert v != (3, 4)\n",
    ),
    "operators in place": (
        "class Total:\n    def __init__(self, n=0): self.n = n\n    def __iadd__(self, k):\n"
        "        self.n += k\n        return self\n    def __int__(self): return self.n\n"
        "    def __float__(self): return float(self.n)\n    def __index__(self): return self.n\n",
        "t = Total()\nt += 3\nassert t.n == 3 and int(t) == 3 and float(t) == 3.0\n"
        "assert [0, 1, 2, 9][t] == 9\n",
    ),
    "an order of objects": (
        "import functools\n@functools.total_ordering\nclass Card:\n"
        "    def __init__(self, n): self.n = n\n    def __lt__(self, o): return self.n < o.n\n"
        "    def __eq__(self, o): return self.n == o.n\n"
        "    def __repr__(self): return f'Card({self.n})'\n",
        "cards = sorted([Card(3), Card(1), Card(2)])\nassert [c.n for c in cards] == [1, 2, 3]\n"
        "assert max(cards) == Card(3) and Card(1) <= Card(1)\nassert Card(1) in cards\n",
    ),
    "a context manager that is left by an exception": (
        "class Guard:\n    def __init__(self): self.seen = None\n    def __enter__(self): return self\n"
        "    def __exit__(self, kind, error, trace):\n        self.seen = kind\n"
        "        return kind is ValueError\n",
        "g = Guard()\nwith g as same:\n    assert same is g\nassert g.seen is None\n"
        "with g: raise ValueError('x')\nassert g.seen is ValueError\n"
        "try:\n    with g: raise KeyError('y')\n    raise AssertionError('kept')\nexcept KeyError: pass\n",
    ),
    "a context manager of contextlib": (
        "from contextlib import contextmanager\nlog = []\n@contextmanager\ndef opened(x):\n"
        "    log.append('in')\n    try: yield x * 2\n    finally: log.append('out')\n",
        "with opened(2) as x:\n    assert x == 4\n    assert log == ['in']\n"
        "assert log == ['in', 'out']\n",
    ),
    "a calculator of dates": (
        "from datetime import datetime, timedelta\nclass Calendar:\n    def __init__(self): self.e = []\n"
        "    def add(self, event): self.e.append(event)\n    def on(self, day):\n"
        "        return [x for x in self.e if x['start'].date() == day.date()]\n"
        "    def later(self, day): return day + timedelta(days=1)\n",
        "import unittest\nfrom datetime import datetime\nclass T(unittest.TestCase):\n    def test(self):\n"
        "        c = Calendar()\n        e = {'start': datetime(2023, 1, 1, 10, 0), 'what': 'x'}\n"
        "        c.add(e)\n        self.assertEqual(c.on(datetime(2023, 1, 1)), [e])\n"
        "        self.assertEqual(c.later(datetime(2023, 1, 1)), datetime(2023, 1, 2))\n"
        "        self.assertEqual(c.e, [e])\nunittest.main()\n",
    ),
    "a database": (
        "import sqlite3\nclass Store:\n    def __init__(self, path):\n        self.c = sqlite3.connect(path)\n"
        "        self.c.execute('create table t (a int, b text)')\n"
        "    def add(self, rows): self.c.executemany('insert into t values (?, ?)', rows)\n"
        "    def all(self): return self.c.execute('select * from t').fetchall()\n",
        "s = Store(':memory:')\ns.add([(1, 'x'), (2, 'y')])\nassert s.all() == [(1, 'x'), (2, 'y')]\n",
    ),
    "an abstract class": (
        "from abc import ABC, abstractmethod\nclass Shape(ABC):\n    @abstractmethod\n"
        "    def area(self): ...\nclass Square(Shape):\n    def __init__(self, a): self.a = a\n"
        "    def area(self): return self.a ** 2\n",
        "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n"
        "        self.assertEqual(Square(3).area(), 9)\n"
        "        with self.assertRaises(TypeError): Shape()\n"
        "        self.assertIsInstance(Square(1), Shape)\nunittest.main()\n",
    ),
    "a class that the tests derive from": (
        "class Base:\n    def run(self): return self.step() + 1\n"
        "    def step(self): raise NotImplementedError\n",
        "class Mine(Base):\n    def step(self): return 4\nassert Mine().run() == 5\n",
    ),
    "a dataclass": (
        "from dataclasses import dataclass, field\n@dataclass(order=True, frozen=True)\nclass P:\n"
        "    x: int\n    tags: tuple = field(default_factory=tuple, compare=False)\n",
        "import dataclasses\np = P(1, ('a',))\nassert p == P(1) and P(1) < P(2)\n"
        "assert repr(p) == \"P(x=1, tags=('a',))\"\n"
        "assert dataclasses.asdict(p) == {'x': 1, 'tags': ('a',)}\nassert dataclasses.is_dataclass(p)\n"
        "assert dataclasses.replace(p, x=5).x == 5\n"
        "try:\n    p.x = 3\n    assert False\nexcept dataclasses.FrozenInstanceError: pass\n",
    ),
    "an enumeration": (
        "from enum import Enum, auto\nclass Color(Enum):\n    RED = 1\n    BLUE = 2\n"
        "def other(c): return Color.BLUE if c is Color.RED else Color.RED\n",
        "assert other(Color.RED) == Color.BLUE and other(Color.BLUE) is Color.RED\n"
        "assert [c.name for c in Color] == ['RED', 'BLUE']\nassert Color(1) is Color.RED\n"
        "assert Color['BLUE'].value == 2 and len(Color) == 2\nassert isinstance(Color.RED, Color)\n",
    ),
    "an integer enumeration and a flag": (
        "from enum import IntEnum, Flag, auto\nclass L(IntEnum):\n    LOW = 1\n    HIGH = 5\n"
        "class F(Flag):\n    R = auto()\n    W = auto()\n",
        "assert L.HIGH > L.LOW and L.HIGH == 5 and L(1).name == 'LOW'\n"
        "assert F.R in (F.R | F.W)\nassert (F.R | F.W).value == 3\n",
    ),
    "a named tuple": (
        "from typing import NamedTuple\nfrom collections import namedtuple\nQ = namedtuple('Q', 'a b')\n"
        "class P(NamedTuple):\n    x: int\n    y: int = 2\n    def total(self): return self.x + self.y\n"
        "def make(): return [P(1), Q(3, 4)]\n",
        "p, q = make()\nassert p == (1, 2) and p.x == 1 and p._asdict() == {'x': 1, 'y': 2}\n"
        "assert p.total() == 3\nassert isinstance(p, P) and isinstance(q, Q) and isinstance(p, tuple)\n"
        "assert q._replace(a=9) == Q(9, 4)\nx, y = p\nassert (x, y) == (1, 2)\n",
    ),
    "a subclass of dict and of list": (
        "class Attr(dict):\n    def __getattr__(self, k): return self[k]\n"
        "class Stack(list):\n    def push(self, x): self.append(x)\n    def peek(self): return self[-1]\n",
        "a = Attr(x=1)\nassert a.x == 1 and a == {'x': 1}\ns = Stack()\ns.push(4)\n"
        "assert s.peek() == 4 and s == [4] and len(s) == 1\nassert isinstance(s, list)\n",
    ),
    "a queue of threads": (
        "import threading\nclass Counter:\n    def __init__(self):\n        self.n = 0\n"
        "        self.lock = threading.Lock()\n    def inc(self):\n        with self.lock: self.n += 1\n",
        "import threading\nc = Counter()\nts = [threading.Thread(target=c.inc) for _ in range(5)]\n"
        "for t in ts: t.start()\nfor t in ts: t.join()\nassert c.n == 5\n",
    ),
    "a cache by decorator": (
        "import functools\ncalls = []\ndef logged(f):\n    @functools.wraps(f)\n"
        "    def inner(*a, **k):\n        calls.append(f.__name__)\n        return f(*a, **k)\n"
        "    return inner\n@logged\ndef add(a, b): return a + b\n"
        "@functools.lru_cache(None)\ndef fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)\n",
        "assert add(1, b=2) == 3 and calls == ['add'] and add.__name__ == 'add'\n"
        "assert fib(30) == 832040 and fib.cache_info().currsize == 31\n"
        "@logged\ndef mine(x): return x\nassert mine(5) == 5 and calls[-1] == 'mine'\n",
    ),
    "pytest.raises": (
        _ACCOUNT,
        "import pytest\ndef test_it():\n    with pytest.raises(Insufficient, match='need 3'):\n"
        "        Account(1).pay(3)\n    with pytest.raises(AttributeError): Account().missing\n"
        "    assert Account(0.3).balance == pytest.approx(0.3)\ntest_it()\n",
    ),
}

_FRAME = "import unittest\nimport numpy as np\nimport pandas as pd\nclass TestCases(unittest.TestCase):\n"

BIGCODEBENCH = {
    "a frame": (
        "import pandas as pd\ndef task_func(d):\n    df = pd.DataFrame(d)\n"
        "    df['c'] = df['a'] + df['b']\n    return df\n",
        f"{_FRAME}    def test_case_1(self):\n        df = task_func({{'a': [1, 2], 'b': [3, 4]}})\n"
        "        self.assertIsInstance(df, pd.DataFrame)\n        self.assertEqual(list(df.columns), ['a', 'b', 'c'])\n"
        "        self.assertEqual(df['c'].tolist(), [4, 6])\n        self.assertEqual(df.shape, (2, 3))\n"
        "        self.assertTrue((df['c'] > 3).all())\nunittest.main()\n",
    ),
    "a frame compared": (
        "import pandas as pd\ndef task_func(df): return df.groupby('k', as_index=False)['v'].sum()\n",
        f"{_FRAME}    def test_case_1(self):\n"
        "        df = pd.DataFrame({'k': ['x', 'y', 'x'], 'v': [1.5, 2.0, 3.0]})\n"
        "        pd.testing.assert_frame_equal(task_func(df), pd.DataFrame({'k': ['x', 'y'], 'v': [4.5, 2.0]}))\n"
        "unittest.main()\n",
    ),
    "a series with dates": (
        "import pandas as pd\ndef task_func(n):\n"
        "    return pd.Series(range(n), index=pd.date_range('2020-01-01', periods=n), name='v')\n",
        "import pandas as pd\ns = task_func(3)\nassert isinstance(s, pd.Series) and s.name == 'v'\n"
        "assert s.iloc[1] == 1 and s.index[0] == pd.Timestamp('2020-01-01')\nassert s.sum() == 3\n",
    ),
    "arrays": (
        "import numpy as np\ndef task_func(n):\n    rng = np.random.default_rng(0)\n"
        "    a = rng.normal(size=(n, 2))\n    return (a - a.mean(0)) / a.std(0)\n",
        "import numpy as np\na = task_func(50)\nassert isinstance(a, np.ndarray) and a.shape == (50, 2)\n"
        "np.testing.assert_allclose(a.mean(axis=0), 0, atol=1e-9)\nassert a.dtype == np.float64\n",
    ),
    "scalars of numpy": (
        "import numpy as np\ndef task_func(xs): return np.mean(xs), np.int32(3), np.bool_(True)\n",
        "import numpy as np\nm, i, b = task_func([1, 2])\nassert isinstance(m, float) and m == 1.5\n"
        "assert i == 3 and b\nassert isinstance(m, np.floating)\nassert isinstance(i, (int, np.integer))\n",
    ),
    "a file in a temporary folder": (
        "import json\ndef task_func(path):\n    with open(path) as f: return json.load(f)['a']\n",
        "import json, os, tempfile, unittest\nclass T(unittest.TestCase):\n    def setUp(self):\n"
        "        self.d = tempfile.mkdtemp()\n        self.p = os.path.join(self.d, 'a.json')\n"
        "        with open(self.p, 'w') as f: json.dump({'a': 3}, f)\n"
        "    def test(self): self.assertEqual(task_func(self.p), 3)\nunittest.main()\n",
    ),
    "a file that the program writes": (
        "import csv\ndef task_func(rows, path):\n    with open(path, 'w', newline='') as f:\n"
        "        csv.writer(f).writerows(rows)\n    return path\n",
        "import os, tempfile\nwith tempfile.TemporaryDirectory() as d:\n"
        "    p = task_func([[1, 2]], os.path.join(d, 'x.csv'))\n    assert os.path.exists(p)\n"
        "    assert open(p).read().strip() == '1,2'\n",
    ),
    "a path": (
        "from pathlib import Path\ndef task_func(x): return Path('/a') / x, Path(x).suffix\n",
        "from pathlib import Path\np, s = task_func('b.txt')\nassert p == Path('/a/b.txt') and s == '.txt'\n"
        "assert p.name == 'b.txt' and isinstance(p, Path)\nassert str(p) == '/a/b.txt'\n",
    ),
    "identifiers": (
        "import uuid\ndef task_func(name): return uuid.uuid5(uuid.NAMESPACE_DNS, name)\n",
        "import uuid\nu = task_func('a.b')\nassert isinstance(u, uuid.UUID) and u.version == 5\n"
        "assert u == uuid.uuid5(uuid.NAMESPACE_DNS, 'a.b')\nassert len(str(u)) == 36\n",
    ),
    "times with zones": (
        "from datetime import datetime, timezone, timedelta\nfrom zoneinfo import ZoneInfo\n"
        "def task_func(): return datetime(2020, 1, 1, tzinfo=timezone.utc)\n"
        "def berlin(t): return t.astimezone(ZoneInfo('Europe/Berlin'))\n"
        "def span(a, b): return b - a\n",
        "from datetime import *\nt = task_func()\nassert t.tzinfo == timezone.utc and t.isoformat() == '2020-01-01T00:00:00+00:00'\n"
        "assert berlin(t).hour == 1 and berlin(t) == t\nassert span(t, t + timedelta(hours=2)).total_seconds() == 7200\n"
        "assert isinstance(t, datetime)\n",
    ),
    "decimals and fractions": (
        "from decimal import Decimal, ROUND_HALF_UP\nfrom fractions import Fraction\n"
        "def task_func(x): return Decimal(x).quantize(Decimal('0.01'), ROUND_HALF_UP)\n"
        "def ratio(a, b): return Fraction(a, b)\n",
        "from decimal import Decimal\nfrom fractions import Fraction\nd = task_func('2.345')\n"
        "assert isinstance(d, Decimal) and d == Decimal('2.35') and d + 1 == Decimal('3.35')\n"
        "assert ratio(2, 4) == Fraction(1, 2) and ratio(2, 4).denominator == 2\n",
    ),
    "what is printed": (
        "def task_func(n):\n    for i in range(n): print(i)\n",
        "import io, contextlib\nb = io.StringIO()\nwith contextlib.redirect_stdout(b): task_func(2)\n"
        "assert b.getvalue() == '0\\n1\\n'\n",
    ),
    "what is printed, by a patch of stdout": (
        "def task_func(s): print('Hello', s)\n",
        "import io, unittest\nfrom unittest.mock import patch\nclass T(unittest.TestCase):\n"
        "    @patch('sys.stdout', new_callable=io.StringIO)\n    def test(self, out):\n"
        "        task_func('x')\n        self.assertEqual(out.getvalue(), 'Hello x\\n')\nunittest.main()\n",
    ),
    "a patched print": (
        "def task_func(s): print('Hello', s)\n",
        "from unittest.mock import patch\nwith patch('builtins.print') as p: task_func('x')\n"
        "p.assert_called_once_with('Hello', 'x')\n",
    ),
    "a patched input": (
        "def task_func():\n    a = int(input('a? '))\n    return a + int(input())\n",
        "from unittest.mock import patch\nwith patch('builtins.input', side_effect=['3', '4']):\n"
        "    assert task_func() == 7\n",
    ),
    "a patched module": (
        "import random\ndef task_func(): return random.randint(1, 6) * 2\n",
        "import unittest\nfrom unittest.mock import patch\nclass T(unittest.TestCase):\n"
        "    @patch('random.randint', return_value=4)\n    def test(self, m):\n"
        "        self.assertEqual(task_func(), 8)\n        m.assert_called_once_with(1, 6)\nunittest.main()\n",
    ),
    "a mock as an argument": (
        "def task_func(session, url):\n    r = session.get(url)\n    return r.json()['a']\n",
        "from unittest.mock import Mock\ns = Mock()\ns.get.return_value.json.return_value = {'a': 5}\n"
        "assert task_func(s, 'u') == 5\ns.get.assert_called_once_with('u')\n",
    ),
    "a seed": (
        "import random\ndef task_func(seed=None):\n    if seed is not None: random.seed(seed)\n"
        "    return [random.randint(0, 9) for _ in range(5)]\n",
        "assert task_func(42) == task_func(42)\nassert len(task_func()) == 5\n"
        "import random\nassert all(0 <= x <= 9 for x in task_func(1))\n",
    ),
    "a seed that the tests set": (
        "import random\nimport numpy as np\ndef task_func(): return random.random(), float(np.random.rand())\n",
        "import random\nimport numpy as np\nrandom.seed(3)\nnp.random.seed(3)\na = task_func()\n"
        "random.seed(3)\nnp.random.seed(3)\nassert a == task_func()\n",
    ),
    "an argument of the tests' class": (
        "def task_func(items): return sum(item.price * item.n for item in items)\n",
        "class Item:\n    def __init__(self, price, n): self.price, self.n = price, n\n"
        "assert task_func([Item(2, 3), Item(1, 4)]) == 10\n",
    ),
    "a function that raises what is documented": (
        "def task_func(x):\n    if not isinstance(x, str): raise TypeError('text expected')\n"
        "    if not x: raise ValueError\n    return x.upper()\n",
        "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n"
        "        with self.assertRaises(ValueError): task_func('')\n"
        "        with self.assertRaises(TypeError) as e: task_func(3)\n"
        "        self.assertIn('text', str(e.exception))\n"
        "        with self.assertRaises((KeyError, ValueError)): task_func('')\nunittest.main()\n",
    ),
    "text, bytes and streams": (
        "import io, base64, zlib\ndef task_func(s): return base64.b64encode(zlib.compress(s.encode()))\n"
        "def stream(s): return io.StringIO(s)\ndef raw(b): return io.BytesIO(b)\n",
        "import io, base64, zlib\nassert zlib.decompress(base64.b64decode(task_func('x'))) == b'x'\n"
        "f = stream('a\\nb\\n')\nassert f.read() == 'a\\nb\\n'\nassert raw(b'ab').getvalue() == b'ab'\n"
        "def count(f): return len(f.readlines())\n",
    ),
    "a logger": (
        "import logging\ndef task_func(x):\n    logging.getLogger('app').warning('bad %s', x)\n    return x\n",
        "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n"
        "        with self.assertLogs('app', 'WARNING') as seen: task_func(1)\n"
        "        self.assertEqual(seen.output, ['WARNING:app:bad 1'])\nunittest.main()\n",
    ),
}

DS1000 = {
    "frames exec'd": (
        "import pandas as pd\ndef solve(df):\n    return df.assign(z=df.x.cumsum()).set_index('y')\n",
        "import pandas as pd\ndf = pd.DataFrame({'x': [1, 2, 3], 'y': list('abc')})\n"
        "ans = pd.DataFrame({'x': [1, 2, 3], 'z': [1, 3, 6]}, index=pd.Index(list('abc'), name='y'))\n"
        "result = solve(df.copy())\npd.testing.assert_frame_equal(result, ans, check_dtype=False)\n",
    ),
    "arrays of several types": (
        "import numpy as np\ndef solve(a): return a[a % 2 == 0].reshape(-1, 1), a.astype(str), a > 1\n",
        "import numpy as np\na, s, b = solve(np.arange(4))\n"
        "np.testing.assert_array_equal(a, np.array([[0], [2]]))\nassert s.tolist() == ['0', '1', '2', '3']\n"
        "assert b.dtype == bool and b.sum() == 2\n",
    ),
    "an array that the call changes": (
        "import numpy as np\ndef solve(a): a[a < 0] = 0\n",
        "import numpy as np\na = np.array([-1, 2])\nsolve(a)\nassert a.tolist() == [0, 2]\n",
    ),
    "a frame with gaps and categories": (
        "import pandas as pd\ndef solve(df):\n    df['b'] = df['b'].fillna(0)\n"
        "    df['c'] = df['c'].astype('category')\n    return df\n",
        "import numpy as np, pandas as pd\nr = solve(pd.DataFrame({'b': [1.0, np.nan], 'c': ['x', 'y']}))\n"
        "assert r['b'].tolist() == [1.0, 0.0] and r['b'].isna().sum() == 0\n"
        "assert list(r['c'].cat.categories) == ['x', 'y']\nassert r.loc[0, 'c'] == 'x'\n",
    ),
    "a result in a variable": (
        "import numpy as np\na = np.arange(6).reshape(2, 3)\nresult = a.T.max(axis=0)\n",
        "import numpy as np\nassert np.array_equal(result, np.array([2, 5]))\n",
    ),
}

LIVECODEBENCH = {
    "a method of Solution": (
        "class Solution:\n    def twoSum(self, nums, target):\n        seen = {}\n"
        "        for i, n in enumerate(nums):\n            if target - n in seen: return [seen[target - n], i]\n"
        "            seen[n] = i\n",
        "assert Solution().twoSum([2, 7, 11], 9) == [0, 1]\ns = Solution()\n"
        "assert s.twoSum(nums=[3, 3], target=6) == [0, 1]\n",
    ),
    "a list node of the tests": (
        "class Solution:\n    def reverse(self, head):\n        p = None\n"
        "        while head: head.next, p, head = p, head, head.next\n        return p\n",
        "class ListNode:\n    def __init__(self, val=0, next=None): self.val, self.next = val, next\n"
        "h = Solution().reverse(ListNode(1, ListNode(2)))\nassert (h.val, h.next.val, h.next.next) == (2, 1, None)\n",
    ),
    "a list node of the program": (
        "class ListNode:\n    def __init__(self, val=0, next=None): self.val, self.next = val, next\n"
        "class Solution:\n    def merge(self, a, b):\n        d = t = ListNode()\n        while a and b:\n"
        "            if a.val < b.val: t.next, a = a, a.next\n            else: t.next, b = b, b.next\n"
        "            t = t.next\n        t.next = a or b\n        return d.next\n",
        "def make(xs): return ListNode(xs[0], make(xs[1:])) if xs else None\n"
        "def read(n):\n    out = []\n    while n is not None:\n        out.append(n.val)\n        n = n.next\n    return out\n"
        "assert read(Solution().merge(make([1, 3]), make([2, 4]))) == [1, 2, 3, 4]\n",
    ),
    "standard input and output": (
        "def main():\n    n = int(input())\n    print(sum(map(int, input().split()[:n])))\n"
        "if __name__ == '__main__':\n    main()\n",
        "import io, sys\nfrom contextlib import redirect_stdout\nsys.stdin = io.StringIO('3\\n1 2 3\\n')\n"
        "out = io.StringIO()\nwith redirect_stdout(out): main()\nassert out.getvalue().split() == ['6']\n",
    ),
    "standard input at once": (
        "import sys\ndef solve():\n    data = sys.stdin.read().split()\n    sys.stdout.write(str(len(data)) + '\\n')\n",
        "import io, sys\nsys.stdin = io.StringIO('a b\\nc')\nold, sys.stdout = sys.stdout, io.StringIO()\n"
        "solve()\ntext, sys.stdout = sys.stdout.getvalue(), old\nassert text == '3\\n'\n",
    ),
    "a design of operations": (
        "class LRU:\n    def __init__(self, n):\n        from collections import OrderedDict\n"
        "        self.n, self.d = n, OrderedDict()\n    def get(self, k):\n        if k not in self.d: return -1\n"
        "        self.d.move_to_end(k)\n        return self.d[k]\n    def put(self, k, v):\n"
        "        self.d[k] = v\n        self.d.move_to_end(k)\n        if len(self.d) > self.n: self.d.popitem(last=False)\n",
        "ops, args = ['put', 'put', 'get', 'put', 'get'], [[1, 1], [2, 2], [1], [3, 3], [2]]\nc = LRU(2)\n"
        "assert [getattr(c, o)(*a) for o, a in zip(ops, args)] == [None, None, 1, None, -1]\n",
    ),
    "a large answer": (
        "def f(n): return [i * i for i in range(n)]\n",
        "assert f(100000)[-1] == 9999800001\nassert sum(f(1000)) == 332833500\n",
    ),
    "a recursion": (
        "import sys\nsys.setrecursionlimit(10000)\ndef f(n): return 0 if n == 0 else 1 + f(n - 1)\n",
        "assert f(3000) == 3000\n",
    ),
}

OTHERS = {
    "a generator that is sent to": (
        "def avg():\n    total = n = 0\n    mean = None\n    while True:\n        x = yield mean\n"
        "        total += x\n        n += 1\n        mean = total / n\n",
        "g = avg()\nnext(g)\nassert g.send(2) == 2 and g.send(4) == 3\ng.close()\n",
    ),
    "a type of generator": (
        "def count(n):\n    for i in range(n): yield i\n",
        "import types, inspect\nassert isinstance(count(3), types.GeneratorType)\n"
        "assert inspect.isgeneratorfunction(count)\nassert [*count(2)] == [0, 1]\n"
        "from collections.abc import Iterator, Iterable\nassert isinstance(count(1), Iterator)\n",
    ),
    "an iterator class": (
        "class Down:\n    def __init__(self, n): self.n = n\n    def __iter__(self): return self\n"
        "    def __next__(self):\n        if self.n == 0: raise StopIteration\n"
        "        self.n -= 1\n        return self.n\n",
        "assert list(Down(3)) == [2, 1, 0]\nd = Down(1)\nassert next(d) == 0 and next(d, 'end') == 'end'\n"
        "import unittest\nunittest.TestCase().assertRaises(StopIteration, next, Down(0))\n"
        "assert [x for x in Down(2)] == [1, 0] and 1 in Down(5)\n",
    ),
    "async functions": (
        "import asyncio\nasync def get(x):\n    await asyncio.sleep(0)\n    return x\n"
        "async def both(a, b): return await asyncio.gather(get(a), get(b))\n"
        "async def ticks(n):\n    for i in range(n): yield i\n"
        "class Conn:\n    async def __aenter__(self): return self\n    async def __aexit__(self, *a): self.closed = True\n",
        "import asyncio\nassert asyncio.run(both(1, 2)) == [1, 2]\nasync def main():\n"
        "    assert await get(3) == 3\n    assert [x async for x in ticks(3)] == [0, 1, 2]\n"
        "    async with Conn() as c: pass\n    assert c.closed\n    return True\nassert asyncio.run(main())\n",
    ),
    "async tests of unittest": (
        "import asyncio\nclass Service:\n    async def load(self, n):\n        await asyncio.sleep(0)\n"
        "        if n < 0: raise ValueError('negative')\n        return [n] * n\n",
        "import unittest\nclass T(unittest.IsolatedAsyncioTestCase):\n    async def test(self):\n"
        "        s = Service()\n        self.assertEqual(await s.load(2), [2, 2])\n"
        "        with self.assertRaises(ValueError): await s.load(-1)\nunittest.main()\n",
    ),
    "inspection": (
        'def f(a: int, b: str = \'x\', *, c=None) -> bool:\n    """Do it."""\n    return True\n',
        "import inspect\nassert callable(f) and f.__doc__ == 'Do it.' and f.__name__ == 'f'\n"
        "assert list(inspect.signature(f).parameters) == ['a', 'b', 'c']\n"
        "assert f.__annotations__['a'] is int\n",
    ),
    "partial functions and closures": (
        "from functools import partial, reduce\ndef power(b, e): return b ** e\nsquare = partial(power, e=2)\n"
        "def counter():\n    n = 0\n    def inc():\n        nonlocal n\n        n += 1\n        return n\n    return inc\n"
        "def compose(*fs): return reduce(lambda f, g: lambda x: f(g(x)), fs)\n",
        "assert square(5) == 25\nc = counter()\nassert (c(), c()) == (1, 2)\n"
        "assert compose(lambda x: x + 1, lambda x: x * 2)(3) == 7\n"
        "assert list(map(square, [1, 2])) == [1, 4] and sorted([-2, 1], key=square) == [1, -2]\n",
    ),
    "objects in collections": (
        "class P:\n    def __init__(self, x): self.x = x\n    def __eq__(self, o): return isinstance(o, P) and o.x == self.x\n"
        "    def __hash__(self): return hash(self.x)\n    def __repr__(self): return f'P({self.x})'\n"
        "def make(n): return [P(i) for i in range(n)]\ndef table(n): return {P(i): i for i in range(n)}\n",
        "assert make(2) == [P(0), P(1)] and P(1) in make(3)\nassert table(2)[P(1)] == 1\n"
        "assert set(make(2)) == {P(0), P(1)}\nassert {P(1): 'a'} == {P(1): 'a'}\nassert make(3).index(P(2)) == 2\n",
    ),
    "what is not implemented and what is missing": (
        "class A:\n    def f(self): raise NotImplementedError('later')\n    def __getattr__(self, name):\n"
        "        if name == 'magic': return 42\n        raise AttributeError(name)\n",
        "a = A()\nassert a.magic == 42 and not hasattr(a, 'other') and getattr(a, 'other', 1) == 1\n"
        "try: a.f()\nexcept NotImplementedError as e: assert str(e) == 'later'\nelse: assert False\n",
    ),
    "an exception with a cause and arguments": (
        "class AppError(Exception):\n    def __init__(self, code, message):\n        super().__init__(message)\n"
        "        self.code = code\ndef f():\n    try: {}['a']\n    except KeyError as e: raise AppError(7, 'gone') from e\n",
        "try: f()\nexcept AppError as e:\n    assert e.code == 7 and e.args == ('gone',)\n"
        "    assert isinstance(e.__cause__, KeyError)\nelse: assert False\n",
    ),
    "arguments that are changed in an object": (
        "class Graph:\n    def __init__(self, edges): self.edges = edges\n    def add(self, a, b): self.edges.append((a, b))\n",
        "e = []\ng = Graph(e)\ng.add(1, 2)\nassert g.edges == [(1, 2)]\nassert e == [(1, 2)]\n",
    ),
    "a module of helpers": (
        "import string\nALPHABET = string.ascii_lowercase\nLIMITS = {'a': (0, 1)}\n"
        "def shift(c, k): return ALPHABET[(ALPHABET.index(c) + k) % 26]\n",
        "assert ALPHABET[:3] == 'abc' and LIMITS['a'] == (0, 1) and shift('z', 1) == 'a'\n",
    ),
    "patterns and matches": (
        "import re\nWORD = re.compile(r'(?P<first>\\w)\\w*')\ndef words(s): return list(WORD.finditer(s))\n",
        "import re\nms = words('ab cd')\nassert [m.group() for m in ms] == ['ab', 'cd'] and ms[0]['first'] == 'a'\n"
        "assert isinstance(WORD, re.Pattern) and isinstance(ms[0], re.Match)\nassert WORD.pattern.startswith('(?P')\n"
        "assert ms[1].groupdict() == {'first': 'c'}\n",
    ),
    "weak objects of the standard library": (
        "import ipaddress, array, types, operator\ndef ip(s): return ipaddress.ip_address(s)\n"
        "def numbers(xs): return array.array('i', xs)\ndef view(d): return types.MappingProxyType(d)\n"
        "def space(**k): return types.SimpleNamespace(**k)\n",
        "import ipaddress, array\nassert ip('10.0.0.1') == ipaddress.ip_address('10.0.0.1')\n"
        "assert numbers([1, 2]) == array.array('i', [1, 2]) and list(numbers([3])) == [3]\n"
        "assert view({'a': 1})['a'] == 1 and space(x=1).x == 1\n",
    ),
}

SETS = {
    "HumanEval": HUMANEVAL, "MBPP": MBPP, "ClassEval": CLASSEVAL, "BigCodeBench": BIGCODEBENCH,
    "DS-1000": DS1000, "LiveCodeBench": LIVECODEBENCH, "others": OTHERS,
}  # fmt: skip

HONEST_SETS = {
    f"{name}: {what}": pair for name, pairs in SETS.items() for what, pair in pairs.items()
}

LOST = {
    "ClassEval: a class that the tests derive from",
    "ClassEval: a dataclass",  # two objects that its ``==`` calls equal hold different tags
    "BigCodeBench: a file in a temporary folder",
    "BigCodeBench: a file that the program writes",
    "BigCodeBench: a logger",
    "others: inspection",
}
"""Right programs that do not pass: what their tests look at stays in the program's process."""
