# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Items to bytes and back, compared with a real execnet where there is one."""

import math
import os
import random
import struct
import subprocess
import unittest

import interpreters
from driver import BOOTSTRAP, serializer
from serializer import DataFormatError, DumpError, LoadError, dumps, loads

try:
    import execnet
except ImportError:
    execnet = None

#: Distribution of a generated value's types.
SCALARS = ('none', 'bool', 'int', 'big', 'float', 'complex', 'bytes', 'text')
CONTAINERS = ('list', 'tuple', 'dict', 'set', 'frozenset', 'ints', 'floats')


class Generator(random.Random):

    def text(self):
        alphabet = 'ab\0 \n"\xe4\u20ac\U0001f40d'
        return ''.join(self.choice(alphabet) for i in range(self.choice((0, 1, 3, 40))))

    def value(self, depth=0, hashable=False):
        kinds = SCALARS + (CONTAINERS if depth < 4 else ())
        if hashable:
            kinds = SCALARS + (('tuple', 'frozenset') if depth < 3 else ())
        return getattr(self, 'make_' + self.choice(kinds))(depth + 1, hashable)

    def members(self, depth, hashable):
        return [self.value(depth, hashable) for i in range(self.choice((0, 1, 2, 5)))]

    def make_none(self, depth, hashable):
        return None

    def make_bool(self, depth, hashable):
        return self.random() < 0.5

    def make_int(self, depth, hashable):
        return self.choice((0, 1, -1, 2**31 - 1, -2**31, self.randrange(-1000, 1000)))

    def make_big(self, depth, hashable):
        # Below -2**31 a real execnet fails.
        return self.choice((2**31, 2**63 - 1, 2**64, 10**1000 + self.randrange(10**9)))

    def make_float(self, depth, hashable):
        return self.choice((0.0, -0.0, 1.5, math.inf, -math.inf, 5e-324, 1e308, self.random()))

    def make_complex(self, depth, hashable):
        return complex(self.make_float(0, 0), self.make_float(0, 0))

    def make_bytes(self, depth, hashable):
        return bytes(self.randrange(256) for i in range(self.choice((0, 1, 50))))

    def make_text(self, depth, hashable):
        return self.text()

    def make_list(self, depth, hashable):
        return self.members(depth, False)

    def make_tuple(self, depth, hashable):
        return tuple(self.members(depth, hashable))

    def make_dict(self, depth, hashable):
        return {self.value(3, True): item for item in self.members(depth, False)}

    def make_set(self, depth, hashable):
        return set(self.members(depth, True))

    def make_frozenset(self, depth, hashable):
        return frozenset(self.members(depth, True))

    def make_ints(self, depth, hashable):
        return [self.make_int(0, 0) for i in range(self.choice((15, 16, 17, 100)))] \
            + self.choice(([], [True], [2**31], ['x']))

    def make_floats(self, depth, hashable):
        return [self.make_float(0, 0) for i in range(self.choice((15, 16, 100)))] \
            + self.choice(([], [1]))


def exact(value):
    """Gives text that tells values apart that are equal but not the same."""
    if isinstance(value, (set, frozenset)):
        return '%s(%s)' % (type(value).__name__, sorted(map(exact, value)))
    if isinstance(value, dict):
        return '{%s}' % ', '.join('%s: %s' % (exact(k), exact(v)) for k, v in value.items())
    if isinstance(value, list):
        return '[%s]' % ', '.join(map(exact, value))
    if isinstance(value, tuple):
        return '(%s,)' % ', '.join(map(exact, value))
    if isinstance(value, int) and not isinstance(value, bool):
        return 'int(%x)' % value
    return repr(value)


class Values(unittest.TestCase):

    def setUp(self):
        self.seed = random.randrange(1 << 32)
        self.generator = Generator(self.seed)

    def test_generated_values_come_back(self):
        for i in range(10000):
            value = self.generator.value()
            self.assertEqual(exact(loads(dumps(value))), exact(value), self.seed)

    @unittest.skipUnless(execnet, 'there is no execnet to compare with')
    def test_the_same_bytes_as_execnet(self):
        version = int(execnet.__version__.split('.')[0])
        for i in range(10000):
            value = self.generator.value()
            theirs = execnet.dumps(value)
            self.assertEqual(dumps(value, version), theirs, self.seed)
            self.assertEqual(exact(loads(theirs)), exact(value), self.seed)
            self.assertEqual(exact(execnet.loads(dumps(value, version))), exact(value), self.seed)

    @unittest.skipUnless(execnet, 'there is no execnet to compare with')
    def test_what_execnet_can_only_read(self):
        version = int(execnet.__version__.split('.')[0])
        for value in (-2**31 - 1, -10**100):
            self.assertEqual(execnet.loads(dumps(value, version)), value)

    @unittest.skipUnless(execnet, 'there is no execnet to compare with')
    def test_coercion_as_execnet_does_it(self):
        version = bytes([int(execnet.__version__.split('.')[0])])
        for data in (b'M\0\0\0\2\xe4b', b'N\0\0\0\2\xc3\xa4', b'S\0\0\0\2\xc3\xa4',
                     b'A\0\0\0\2\xc3\xa4', b'JN\0\0\0\1aM\0\0\0\1bP'):
            for flags in ((False, False), (False, True), (True, False), (True, True)):
                if version == b'\1' and flags[1] and b'N' in data:
                    # execnet 1 has no effect of this flag on Python 3; execnet 2 has.
                    continue
                dump = version + data + b'Q'
                self.assertEqual(loads(dump, *flags), execnet.loads(dump, *flags), (data, flags))
        self.assertEqual(loads(b'\2JN\0\0\0\1aN\0\0\0\2\xc3\xa4PQ', False, True),
                         {b'a': b'\xc3\xa4'})

    def test_nan(self):
        self.assertTrue(math.isnan(loads(dumps(math.nan))))
        self.assertTrue(all(map(math.isnan, loads(dumps([math.nan] * 100)))))

    def test_known_bytes(self):
        for value, data in (
                (None, b'L'), (True, b'R'), (False, b'C'), (1, b'F\0\0\0\1'),
                (-1, b'F\xff\xff\xff\xff'), (2**31, b'H\0\0\0\n2147483648'),
                (-2**31 - 1, b'H\0\0\0\x0b-2147483649'), (1.5, b'D?\xf8' + b'\0' * 6),
                (2j, b'T' + b'\0' * 8 + b'@' + b'\0' * 7), (b'a', b'A\0\0\0\1a'),
                ('\xe4', b'N\0\0\0\2\xc3\xa4'), ([], b'K\0\0\0\0'),
                ([None], b'K\0\0\0\1F\0\0\0\0LP'), ({}, b'J'), ({1: 2}, b'JF\0\0\0\1F\0\0\0\2P'),
                ((), b'@\0\0\0\0'), ((True,), b'R@\0\0\0\1'), ({3}, b'F\0\0\0\3O\0\0\0\1'),
                (frozenset(), b'E\0\0\0\0')):
            self.assertEqual(dumps(value), b'\2' + data + b'Q')
            self.assertEqual(dumps(value, 1), b'\1' + data + b'Q')
            self.assertEqual(loads(b'\1' + data + b'Q and more'), value)

    def test_only_known_to_readers(self):
        for data, value in ((b'G\0\0\0\5', 5), (b'I\0\0\0\2+7', 7), (b'H\0\0\0\3-07', -7),
                            (b'K\0\0\0\2F\xff\xff\xff\xffRP', [None, True]),
                            (b'K\0\0\0\1CRP', [True])):
            self.assertEqual(loads(b'\2' + data + b'Q'), value)

    def test_other_bytes_like_objects(self):
        self.assertEqual(loads(bytearray(dumps([1]))), [1])
        self.assertEqual(loads(memoryview(dumps([1]))), [1])
        for value in (b'x' * 100, 'text', [1, b'x']):
            data = serializer.dump_item(value)
            self.assertEqual(serializer.load_item([data[:5], data[5:-1], data[-1:]]), value)


class Refused(unittest.TestCase):

    def refused(self, value):
        with self.assertRaises(DumpError) as raised:
            dumps(value)
        self.assertIsNone(raised.exception.__context__)
        return str(raised.exception)

    def test_types(self):
        class Int(int):
            pass

        Impostor = type('list', (list,), {})
        self.assertTrue(issubclass(DumpError, DataFormatError))
        for value in (object(), Int(), Impostor(), bytearray(), memoryview(b''), range(3), ..., len):
            self.assertIn("'%s" % (type(value).__qualname__ if type(value).__module__ == 'builtins'
                                   else type(value).__module__), self.refused(value))

    def test_paths(self):
        bad = object()
        for value, path in (([1, bad], 'item[1]'), ((1, bad), 'item[1]'), ({'k': bad}, "item['k']"),
                            ({(1, bad): 2}, 'item.key('), ({bad}, 'item.member(0)'),
                            ([{'a': ({1: bad},)}], "item[0]['a'][0][1]"),
                            ([1] * 50 + [bad], 'item[50]')):
            self.assertIn(path, self.refused(value))

    def test_structures(self):
        loop = []
        loop.append([loop])
        self.assertIn('contains itself', self.refused(loop))
        loop = {}
        loop['x'] = (loop,)
        self.assertIn('contains itself', self.refused(loop))

    def test_depth(self):
        for wrap in (lambda x: [x], lambda x: (x,), lambda x: {'k': x}, lambda x: frozenset([x])):
            value = wrap(1)
            for i in range(249):
                value = wrap(value)
            self.assertEqual(loads(dumps(value)), value)
            self.assertIn('250 levels', self.refused(wrap(value)))
        value = ()
        for i in range(250):
            value = {value: 1} if i == 249 else (value,)
        self.assertEqual(loads(dumps(value)), value)

    def test_texts_and_numbers(self):
        self.assertIn('surrogate', self.refused(['\ud800']))
        self.assertIn('surrogate', self.refused({'\ud800': 1}))
        self.assertIn('digits', self.refused(10**5000))
        self.assertEqual(loads(dumps(10**4299)), 10**4299)

    def test_channels(self):
        class Channel:
            id = 7

        serializer.register_channel_type(Channel)
        channel = Channel()
        self.assertIn('channel', self.refused([channel]))
        with self.assertRaises(DumpError):
            serializer.dump_item([channel], lambda c: False)
        data = serializer.dump_item([channel], lambda c: c is channel)
        self.assertEqual(serializer.load_item(data, load_channel=lambda number: (number,)), [(7,)])

    def test_versions(self):
        for version in (0, 3):
            with self.assertRaises(ValueError):
                dumps(1, version)


class Malformed(unittest.TestCase):

    def refused(self, data):
        with self.assertRaises(LoadError) as raised:
            loads(data)
        self.assertIsInstance(raised.exception, DataFormatError)
        self.assertIsNone(raised.exception.__context__)
        self.assertRegex(str(raised.exception), r'^invalid data at byte \d+: .')
        return str(raised.exception)

    def test_each_kind_is_named(self):
        for data, offset, reason in (
                (b'', 0, 'none'), (b'\3LQ', 0, 'version'), (b'\2', 1, 'too early'),
                (b'\2L', 2, 'too early'), (b'\2?Q', 2, 'unknown opcode 63'),
                (b'\2LLQ', 4, '2 values'), (b'\2Q', 2, '0 values'),
                (b'\2LLP', 4, 'without a container'), (b'\2LLLPQ', 5, 'without a container'),
                (b'\2N\0\0\0\1\xffQ', 7, 'UTF-8'),
                (b'\2N\0\0\0\3\xed\xa0\x80Q', 9, 'UTF-8'),
                (b'\2A\0\0\0\5abQ', 6, 'length of 5 where 3'), (b'\2A\xff\xff\xff\xffQ', 6, 'of -1'),
                (b'\2K\0\0\0\1F\0\0\0\1LPQ', None, 'index outside'),
                (b'\2K\0\0\0\1LLPQ', None, 'key or an index'),
                (b'\2K\0\0\0\1N\0\0\0\0LPQ', None, 'key or an index'),
                (b'\2JK\0\0\0\0LPQ', None, 'key or an index'),
                (b'\2K\0\0\0\0O\0\0\0\1Q', None, 'key or an index'),
                (b'\2@\0\0\0\1Q', 6, '1 members where 0'), (b'\2O\xff\xff\xff\xffQ', 6, '-1 members'),
                (b'\2H\0\0\0\x021_Q', None, 'decimal'), (b'\2H\0\0\0\2 1Q', None, 'decimal'),
                (b'\2H\0\0\0\1-Q', None, 'decimal'),
                (b'\2H\0\0\x17\x70' + b'1' * 6000 + b'Q', None, '6000 digits'),
                (b'\2B\0\0\0\1Q', None, 'channel'), (b'\2D\0\0Q', 2, 'too early'),
                (b'\2@\0\0\0\0LLPQ', None, 'key or an index')):
            text = self.refused(data)
            self.assertIn(reason, text, data)
            if offset is not None:
                self.assertIn('byte %d:' % offset, text, data)

    def test_depth(self):
        for data in (b'K\0\0\0\1F\0\0\0\0' * 251 + b'L' + b'P' * 251, b'L' + b'@\0\0\0\1' * 251,
                     b'L' + b'@\0\0\0\1' * 1000000, b'JL' * 251 + b'L' + b'P' * 251,
                     b'J' + b'L@\0\0\0\1' + b'@\0\0\0\1' * 249 + b'LP'):
            self.assertIn('250 levels', self.refused(b'\2' + data + b'Q'))

    def test_truncated_everywhere(self):
        data = dumps([1, 'text', b'bytes', {'a': (1.5, None)}, {1}, 10**20, [0] * 20, [0.5] * 20, 2j])
        for size in range(1, len(data)):
            self.refused(data[:size])

    def test_columns_that_are_not_quite(self):
        """Lists that look as if they could be read as a whole."""
        data = bytearray(dumps(list(range(100))))
        self.assertEqual(loads(data), list(range(100)))
        swapped = bytearray(data)
        struct.pack_into('>i', swapped, 7, 1)
        struct.pack_into('>i', swapped, 7 + 11, 0)
        self.assertEqual(loads(swapped), [1, 0] + list(range(2, 100)))
        swapped[6 + 5] = ord('G')
        self.assertEqual(loads(swapped), [1, 0] + list(range(2, 100)))
        struct.pack_into('>i', swapped, 7, 100)
        self.assertIn('index', self.refused(bytes(swapped)))

    def test_random_changes(self):
        seed = random.randrange(1 << 32)
        generator = Generator(seed)
        for i in range(20000):
            data = bytearray(dumps(generator.value()))
            for change in range(generator.randrange(1, 5)):
                place = generator.randrange(len(data) + 1)
                data[place:place + generator.randrange(3)] = bytes(
                    generator.choice(b'\0\1\xff' + bytes(range(63, 86)))
                    for k in range(generator.randrange(3)))
            try:
                loads(data)
            except LoadError:
                pass
            except BaseException:
                raise AssertionError('seed %d: %r' % (seed, bytes(data)))


@interpreters.each_interpreter
class Elsewhere:
    """The same file on each interpreter."""

    def ask(self, program):
        prelude = 'import sys; sys.dont_write_bytecode = True; sys.path.insert(0, %r)\n' \
            'import serializer, binascii\n' % os.path.abspath(BOOTSTRAP)
        return subprocess.run(self.python + ['-c', prelude + program], check=True, timeout=120,
                              capture_output=True, text=True).stdout.split()

    def test_its_bytes_are_ours(self):
        values = ("[None, True, -1, 2**31 - 1, 1.5, 2j, [], (), {}, set([1]), frozenset(), "
                  "[1] * 50, [0.5] * 50, (1, [2, {3: (4,)}]), {u'k': u'\\xe4'}, 2**70]")
        hexadecimal, = self.ask(
            'print(binascii.hexlify(serializer.dumps(%s)).decode("ascii"))' % values)
        data = bytes.fromhex(hexadecimal)
        value = eval(values)
        self.assertEqual(loads(data), value)
        if self.is_python_2:
            # Text and large ints have opcodes of their own there.
            for theirs, ours in (b'SN', b'IH', b'GF'):
                data = data.replace(bytes([theirs]) + b'\0\0\0', bytes([ours]) + b'\0\0\0')
            data = data.replace(b'G\x7f\xff', b'F\x7f\xff')
        self.assertEqual(data, dumps(value))

    def test_types_of_python_2(self):
        if not self.is_python_2:
            return
        sent = self.ask('''if 1:
            for value in ('abc', u'abc', 5, 5 * 10**0 + (1 << 70) - (1 << 70), 2**31, -2**31 - 1,
                          1 << 70):
                print(binascii.hexlify(serializer.dump_item(value)))
            for data in (b'M\\0\\0\\0\\1aQ', b'N\\0\\0\\0\\1aQ', b'S\\0\\0\\0\\1aQ', b'A\\0\\0\\0\\1aQ',
                         b'H\\0\\0\\0\\1\\x31Q', b'I\\0\\0\\0\\1\\x31Q', b'G\\0\\0\\0\\1Q'):
                print(type(serializer.load_item(data, True, False)).__name__)
            print(type(serializer.load_item(b'N\\0\\0\\0\\1aQ', True, True)).__name__)
            ''')
        # The int of Java has 32 bits.
        large = b'I' if self.is_jython else b'H'
        self.assertEqual([bytes.fromhex(text) for text in sent[:7]], [
            b'M\0\0\0\3abcQ', b'S\0\0\0\3abcQ', b'F\0\0\0\5Q', b'G\0\0\0\5Q',
            large + b'\0\0\0\n2147483648Q', large + b'\0\0\0\x0b-2147483649Q',
            b'I\0\0\0\x161180591620717411303424Q'])
        self.assertEqual(sent[7:], ['str', 'unicode', 'unicode', 'str', 'int', 'long', 'long', 'str'])

    def test_malformed(self):
        sent = self.ask('''if 1:
            for data in (b'', b'\\2', b'\\2LLPQ', b'\\2N\\0\\0\\0\\1\\xffQ', b'\\2K\\x7f\\xff\\xff\\xffQ',
                         b'\\2' + b'@\\0\\0\\0\\0' + b'@\\0\\0\\0\\1' * 300 + b'Q', b'\\2H\\0\\0\\0\\2 1Q'):
                try:
                    serializer.loads(data)
                except serializer.LoadError as error:
                    print('LoadError')
            ''')
        self.assertEqual(sent, ['LoadError'] * 7)


if __name__ == '__main__':
    interpreters.main()
