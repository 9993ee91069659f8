# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Generated values, and how they look as GVariants: the mapping as the documentation has it,
written down a second time. A rendering is what items-peer.c explains."""

import math
import struct

INT64 = range(-2 ** 63, 2 ** 63)
TUPLE_MEMBERS_MAX = 255

EDGES = [0, 1, -1, 127, 255, 256, 65535, 65536, 2 ** 31 - 1, 2 ** 31, -2 ** 31, 2 ** 32,
         2 ** 63 - 1, 2 ** 63, 2 ** 64 - 1, 2 ** 64, 2 ** 53 + 1]
NEGATIVE_EDGES = [-2 ** 31 - 1, -2 ** 32, -2 ** 63, -2 ** 63 - 1, -2 ** 64]
FLOATS = [0.0, -0.0, 1.0, -1.5, 1e308, -1e308, 5e-324, 2.2250738585072014e-308, math.inf, -math.inf,
          math.nan, 2.0 ** 53, 2.0 ** 63, 2.0 ** 64, 1e30, 0.1]
CHARACTERS = ['a', 'Z', ' ', "'", '\\', '\n', '\x00', '\x7f', '\x80', 'ß', '߿', 'ࠀ',
              '€', '\ud7ff', '\ue000', '￿', '\U00010000', '🐍', '\U0010ffff']


class Generator:
    """`large_negatives`: ints below -2**31 too, which a stock execnet cannot dump."""

    def __init__(self, random, large_negatives=False):
        self.random = random
        self.large_negatives = large_negatives

    def value(self, depth=0):
        simple = [self.none, self.bool, self.int, self.int, self.float, self.complex, self.text,
                  self.text, self.bytes]
        containers = [self.list, self.list, self.tuple, self.dict, self.dict, self.set]
        if depth == 0 and self.random.random() < 0.85:
            return self.random.choice(containers)(depth)
        if depth < 5 and self.random.random() < 0.4:
            return self.random.choice(containers)(depth)
        return self.random.choice(simple)()

    def none(self):
        return None

    def bool(self):
        return self.random.random() < 0.5

    def int(self):
        kind = self.random.random()
        if kind < 0.4:
            return self.random.randint(-1000, 1000)
        if kind < 0.7:
            return self.random.choice(EDGES + (NEGATIVE_EDGES if self.large_negatives else []))
        if kind < 0.95:
            number = self.random.getrandbits(self.random.randint(1, 130))
        else:
            number = self.random.randrange(10 ** 999, 10 ** self.random.choice([1000, 1000, 4300]))
        return -number if self.large_negatives and self.random.random() < 0.5 else number

    def float(self):
        if self.random.random() < 0.4:
            return self.random.choice(FLOATS)
        if self.random.random() < 0.3:
            return struct.unpack('>d', self.random.randbytes(8))[0]
        return self.random.uniform(-1e6, 1e6)

    def complex(self):
        return complex(self.float(), self.float())

    def size(self):
        if self.random.random() < 0.02:
            return self.random.choice([255, 256, 257, 300, 700])
        return self.random.choice([0, 0, 1, 1, 2, 3, 4, 7, 20])

    def text(self):
        if self.random.random() < 0.5:
            return ''.join(self.random.choices('abcdefghijklmnop 0123', k=self.size()))
        return ''.join(self.random.choices(CHARACTERS, k=self.size()))

    def plain_text(self):
        return self.text().replace('\x00', '-')

    def bytes(self):
        return self.random.randbytes(self.size())

    def list(self, depth):
        return self.several(depth)

    def several(self, depth):
        size = self.size()
        if self.random.random() < 0.3:
            make = self.random.choice([self.int, self.float, self.bool, self.text, self.bytes])
            return [make() for _ in range(size)]
        if size > 20:
            return [self.random.choice([self.none, self.bool, self.int])() for _ in range(size)]
        return [self.value(depth + 1) for _ in range(size)]

    def tuple(self, depth):
        return tuple(self.several(depth))

    def key(self, depth=0):
        kind = self.random.random()
        if kind < 0.15 and depth < 3:
            return tuple(self.key(depth + 1) for _ in range(self.random.randint(0, 3)))
        if kind < 0.25 and depth < 3:
            return frozenset(self.key(depth + 1) for _ in range(self.random.randint(0, 3)))
        return self.random.choice([self.none, self.bool, self.int, self.float, self.complex,
                                   self.text, self.bytes])()

    def dict(self, depth):
        make = self.random.choice([self.plain_text, self.plain_text, self.text, self.int,
                                   self.float, self.bool, self.key])
        return {make(): self.value(depth + 1) for _ in range(min(self.size(), 20))}

    def set(self, depth):
        kind = self.random.choice([set, frozenset])
        make = self.random.choice([self.int, self.text, self.key])
        return kind(make() for _ in range(min(self.size(), 20)))


def render_hex(data):
    return data.hex() + ';'


def render_float(value):
    return 'd' + struct.pack('>d', value).hex() + ';'


def tagged(kind, content):
    return '{s' + render_hex(kind.encode()) + 'v' + content + '}'


def render_list(values):
    return 'av[' + ''.join('v' + render(value) for value in values) + ']'


def is_int64(value):
    return type(value) is int and value in INT64


def is_plain_text(value):
    return type(value) is str and '\x00' not in value


def render_dict(value):
    for letter, suits in (('s', is_plain_text), ('x', is_int64),
                          ('d', lambda key: type(key) is float),
                          ('b', lambda key: type(key) is bool)):
        if all(map(suits, value)):
            return 'a{%sv}[' % letter + ''.join(
                '{' + render(key) + 'v' + render(member) + '}'
                for key, member in value.items()) + ']'
    return tagged('dict', 'a(vv)[' + ''.join(
        '(v' + render(key) + 'v' + render(member) + ')' for key, member in value.items()) + ']')


def render(value):
    """What arrives for a Python value."""
    kind = type(value)
    if value is None:
        return 'mv-'
    if kind is bool:
        return 'b%d' % value
    if kind is int:
        return 'x%d;' % value if value in INT64 else tagged('long', 's' + render_hex(b'%d' % value))
    if kind is float:
        return render_float(value)
    if kind is complex:
        return tagged('complex', '(' + render_float(value.real) + render_float(value.imag) + ')')
    if kind is str:
        data = render_hex(value.encode('utf-8'))
        return 's' + data if is_plain_text(value) else tagged('str', 'ay' + data)
    if kind is bytes:
        return 'ay' + render_hex(value)
    if kind is list:
        return render_list(value)
    if kind is tuple:
        if len(value) > TUPLE_MEMBERS_MAX:
            return tagged('tuple', render_list(value))
        return '(' + ''.join(map(render, value)) + ')'
    if kind is dict:
        return render_dict(value)
    assert kind in (set, frozenset), kind
    return tagged(kind.__name__, render_list(value))


class Renderer:
    """Renders a value in one of the many forms that are accepted when sending; each method gives the
    type and the rendering."""

    INTEGERS = {'x': (-2 ** 63, 2 ** 63), 't': (0, 2 ** 64), 'y': (0, 2 ** 8),
                'n': (-2 ** 15, 2 ** 15), 'q': (0, 2 ** 16), 'i': (-2 ** 31, 2 ** 31),
                'u': (0, 2 ** 32)}

    def __init__(self, random):
        self.random = random
        self.uniform = False  # no two forms of one type, so that arrays of it come about

    def render(self, value):
        self.uniform = self.random.random() < 0.5
        return self.typed(value)[1]

    def typed(self, value):
        kind = 1 if self.uniform else self.random.random()
        if kind < 0.1:
            return 'v', 'v' + self.typed(value)[1]
        if kind < 0.2:
            inner, text = self.typed(value)
            return 'm' + inner, 'm' + inner + '+' + text
        return getattr(self, type(value).__name__)(value)

    def sometimes(self, probability):
        return not self.uniform and self.random.random() < probability

    def NoneType(self, value):
        inner = 'v' if self.uniform else self.random.choice(['v', 's', 'x', 'av', '(is)', 'mi'])
        return 'm' + inner, 'm' + inner + '-'

    def bool(self, value):
        return 'b', 'b%d' % value

    def int(self, value):
        fits = [letter for letter, (start, end) in self.INTEGERS.items() if start <= value < end]
        if fits and not self.sometimes(0.1):
            letter = fits[0] if self.uniform else self.random.choice(fits)
            return letter, '%s%d;' % (letter, value)
        digits = '%s%s%d' % ('-' if value < 0 else self.random.choice(['', '+']),
                             '0' * self.random.choice([0, 0, 3]), abs(value))
        if len(digits.lstrip('+-')) > 4300:
            digits = '%d' % value
        return '{sv}', tagged('long', 's' + render_hex(digits.encode()))

    def float(self, value):
        return 'd', render_float(value)

    def complex(self, value):
        return '{sv}', render(value)

    def str(self, value):
        if '\x00' in value or self.sometimes(0.1):
            return '{sv}', tagged('str', 'ay' + render_hex(value.encode()))
        if value == '' and self.sometimes(0.5):
            return 'g', 'g;'
        return 's', render(value)

    def bytes(self, value):
        return 'ay', render(value)

    def array(self, values):
        """One of the elements' own type, if they have one; not of bytes or entries, which would be
        something else."""
        pairs = [self.typed(value) for value in values]
        kind = pairs[0][0] if pairs else 'v'
        if kind == 'y' or kind[0] == '{' or any(pair[0] != kind for pair in pairs):
            return 'av', 'av[' + ''.join('v' + text for _, text in pairs) + ']'
        return 'a' + kind, 'a' + kind + '[' + ''.join(text for _, text in pairs) + ']'

    def list(self, value):
        if not value and not self.uniform:
            kind = self.random.choice(['av', 'as', 'ax', 'a(sx)', 'aa{sv}', 'ams'])
            return kind, kind + '[]'
        return self.array(value)

    def tuple(self, value):
        if len(value) > 100 or self.sometimes(0.1):
            return '{sv}', tagged('tuple', self.array(value)[1])
        pairs = [self.typed(member) for member in value]
        return ('(' + ''.join(kind for kind, _ in pairs) + ')',
                '(' + ''.join(text for _, text in pairs) + ')')

    def dict(self, value):
        keys = [self.typed(key) for key in value] or [('s', '')]
        members = [self.typed(member) for member in value.values()]
        if (len(keys[0][0]) > 1 or keys[0][0] == 'v' or any(key[0] != keys[0][0] for key in keys)
                or self.sometimes(0.2)):
            return '{sv}', tagged('dict', 'a(vv)[' + ''.join(
                '(v' + key[1] + 'v' + member[1] + ')' for key, member in zip(keys, members)) + ']')
        if not members or any(member[0] != members[0][0] for member in members):
            members = [('v', 'v' + text) for _, text in members] or [('v', '')]
        kind = 'a{' + keys[0][0] + members[0][0] + '}'
        return kind, kind + '[' + ''.join(
            '{' + key[1] + member[1] + '}' for key, member in zip(keys, members) if value) + ']'

    def set(self, value):
        return '{sv}', tagged('set', self.array(list(value))[1])

    def frozenset(self, value):
        return '{sv}', tagged('frozenset', self.array(list(value))[1])
