# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A stock execnet, for the tests of the codec in JavaScript.

peer.py dump               reads one Python expression from each line, answers its dump in hex
peer.py generate SEED N    writes N dumps of generated values
peer.py check SEED N       reads N dumps and compares them with the same generated values
"""

import math
import random
import struct
import sys

import execnet


def main(command, seed="0", count="0"):
    if command == "dump":
        for line in sys.stdin:
            print(execnet.dumps(eval(line)).hex())
    elif command == "generate":
        for value in generated(int(seed), int(count)):
            print(execnet.dumps(value).hex())
    elif command == "check":
        check(generated(int(seed), int(count)), sys.stdin)


def check(values, lines):
    for number, value in enumerate(values):
        read = execnet.loads(bytes.fromhex(next(lines)))
        if not same(value, read):
            sys.exit("value %d of %r came back as %r" % (number, value, read))
    if next(lines, None) is not None:
        sys.exit("more values came back than there are")


def generated(seed, count):
    source = random.Random(seed)
    for _ in range(count):
        yield make(source, source.choice([0, 1, 2, 3, 4]))


def make(source, depth):
    if depth == 0:
        return source.choice(SCALARS)(source)
    members = [make(source, depth - 1) for _ in range(source.choice([0, 1, 2, 2, 3, 9]))]
    keys = [hashable(source, depth - 1) for _ in members]
    return source.choice([
        lambda: members,
        lambda: tuple(members),
        lambda: {text(source): member for member in members},
        lambda: dict(zip(keys, members)),
        lambda: set(keys),
        lambda: frozenset(keys),
    ])()


def hashable(source, depth):
    if depth <= 0 or source.random() < 0.7:
        # A NaN as key is equal to no other, which a Map of JavaScript can't express.
        value = source.choice(SCALARS)(source)
        return 0 if value != value else value
    members = [hashable(source, depth - 1) for _ in range(source.choice([0, 1, 2, 3]))]
    return source.choice([tuple, frozenset])(members)


ALPHABETS = ["abc_019 ", "äöüß€", "\0\x01\x7f\x80\xff", "\ufeff\ufffe\uffff", "\U0001f600\U0010ffff"]


def text(source):
    length = source.choice([0, 1, 3, 10, 31, 32, 33, 64, 65, 300])
    alphabet = "".join(source.sample(ALPHABETS, source.choice([1, 1, 2, 5])))
    return source.choice(["", "", "__proto__", "constructor", "17"]) + "".join(
        source.choice(alphabet) for _ in range(length))


def integer(source):
    size = source.choice([3, 31, 32, 33, 52, 53, 54, 63, 64, 65, 300, 3500])
    value = source.getrandbits(size) + source.choice([-1, 0, 1])
    # The writer of execnet fails at ints below -2**31.
    return -value if source.random() < 0.5 and value < 2**31 else value


def number(source):
    return source.choice([
        0.0, -0.0, 1.0, -3.0, 1.5, 1e300, -1e-300, 5e-324, 2.0**53, 2.0**63, math.inf, -math.inf,
        math.nan, source.random(), struct.unpack("d", struct.pack("Q", source.getrandbits(62)))[0]])


SCALARS = [
    lambda source: None,
    lambda source: source.random() < 0.5,
    integer,
    number,
    lambda source: complex(number(source), number(source)),
    lambda source: bytes(source.getrandbits(8) for _ in range(source.choice([0, 1, 40]))),
    text,
]


def same(one, other):
    """Whether JavaScript kept all it can keep: see docs/javascript-items.md."""
    if isinstance(one, float) and one.is_integer() and isinstance(other, int):
        return one == other and type(other) is int
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return struct.pack("d", one) == struct.pack("d", other)
    if isinstance(one, complex):
        return same(one.real, other.real) and same(one.imag, other.imag) or repr(one) == repr(other)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return len(one) == len(other) and all(
            key in other and same(one[key], other[key]) for key in one)
    return one == other


main(*sys.argv[1:])
