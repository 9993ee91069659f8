// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The codec: JavaScript values against what a stock execnet writes and reads.

import Execnet from 'gi://Execnet';
import GLib from 'gi://GLib';

import {fromHex, peer, toHex} from './python.js';
import {chooseSeed, equal, ok, randomNumbers, run, show, test, throwsCode} from './tap.js';

const {Complex, dumps, Float, FrozenSet, loads, Tuple} = Execnet;
const {VERSION_1} = Execnet.DumpFlags;

function object(entries) {
    return Object.assign(Object.create(null), entries);
}

// Python's value, how it arrives, and what is sent as this value, if that differs.
const PAIRS = [
    ['None', null],
    ['None', null, undefined],
    ['True', true],
    ['False', false],
    ['0', 0],
    ['-1', -1],
    ['2**31 - 1', 2147483647],
    ['-2**31', -2147483648],
    ['2**31', 2147483648],
    ['2**53 - 1', Number.MAX_SAFE_INTEGER],
    ['2**53', 2n ** 53n],
    ['2**64', 2n ** 64n],
    ['7', 7, 7n],
    ['10**1000', 10n ** 1000n],
    ['1.5', 1.5],
    ['-0.0', -0],
    ['1.0', 1, new Float(1)],
    ['0.0', 0, new Float(0)],
    ['2.0**53', 2 ** 53],
    ['1e300', 1e300],
    ['float("inf")', Infinity],
    ['float("-inf")', -Infinity],
    ['float("nan")', NaN],
    ['complex(1, -2.5)', new Complex(1, -2.5)],
    ['complex(-0.0, float("inf"))', new Complex(-0, Infinity)],
    ['""', ''],
    ['"abc"', 'abc'],
    ['"a\\0b"', 'a\0b'],
    ['"\\0" * 100', '\0'.repeat(100)],
    ['"\\ufeff\\0" + "x" * 50', `\ufeff\0${'x'.repeat(50)}`],
    ['"\\ufeff\\ufeff" + "x" * 50', `\ufeff\ufeff${'x'.repeat(50)}`],
    ['"\\U0001f600ä€"', '😀ä€'],
    ['"\\U0001f600ä€" * 1000', '😀ä€'.repeat(1000)],
    ['b""', new Uint8Array()],
    ['b"\\0\\xff"', new Uint8Array([0, 255])],
    ['b"ab"', new Uint8Array([97, 98]), new Uint8Array([97, 98]).buffer],
    ['b"ab"', new Uint8Array([97, 98]), new GLib.Bytes(new Uint8Array([97, 98]))],
    ['b"b"', new Uint8Array([98]), new Uint8Array([97, 98, 99]).subarray(1, 2)],
    ['[]', []],
    ['[1, [2.5, "x"], None]', [1, [2.5, 'x'], null]],
    ['[None, 1]', [null, 1], [, 1]], // eslint-disable-line no-sparse-arrays
    ['[1.0, 2.0]', [1, 2], new Float64Array([1, 2])],
    ['[1.0, 2.5]', [1, 2.5], new Float32Array([1, 2.5])],
    ['[1, -2]', [1, -2], new Int16Array([1, -2])],
    ['[1, 2**63 - 1]', [1, 2n ** 63n - 1n], new BigInt64Array([1n, 2n ** 63n - 1n])],
    ['()', new Tuple()],
    ['(1,)', new Tuple(1)],
    ['("a", (1, []))', new Tuple('a', new Tuple(1, []))],
    ['{}', object({})],
    ['{}', object({}), new Map()],
    ['{"b": 1, "a": [2]}', object({b: 1, a: [2]})],
    ['{"b": 1}', object({b: 1}), {b: 1}],
    ['{"b": 1}', object({b: 1}), new Map([['b', 1]])],
    ['{"__proto__": {"x": 1}, "constructor": 2}', object({
        ['__proto__']: object({x: 1}), // eslint-disable-line no-useless-computed-key
        constructor: 2,
    })],
    ['{1: "a", "b": 2}', new Map([[1, 'a'], ['b', 2]])],
    ['{"b": 1, "1": 2, 5: 3}', new Map([['b', 1], ['1', 2], [5, 3]])],
    ['{None: 1, (1, 2): {}}', new Map([[null, 1], [new Tuple(1, 2), object({})]])],
    ['set()', new Set()],
    ['{1}', new Set([1])],
    ['frozenset()', new FrozenSet()],
    ['frozenset([(1, frozenset())])', new FrozenSet([new Tuple(1, new FrozenSet())])],
];

test('values of a stock execnet arrive, and are sent as its own bytes', async () => {
    const stock = await peer(['dump'], PAIRS.map(([expression]) => expression));
    equal(stock.length, PAIRS.length);
    for (const [i, [expression, arrives, sent]] of PAIRS.entries()) {
        equal(loads(fromHex(stock[i])), arrives, expression);
        const value = PAIRS[i].length > 2 ? sent : arrives;
        equal(toHex(dumps(value, VERSION_1)), stock[i], expression);
    }
});

test('generated values survive the way to JavaScript and back', async () => {
    const generation = [String(chooseSeed()), '3000'];
    const stock = await peer(['generate', ...generation]);
    await peer(['check', ...generation],
        stock.map(hex => toHex(dumps(loads(fromHex(hex)), VERSION_1))));
});

test('both versions are written and read', () => {
    equal(dumps(1)[0], 2);
    equal(dumps(1, VERSION_1)[0], 1);
    equal(loads(dumps([1])), [1]);
    equal(loads(dumps([1], VERSION_1)), [1]);
    equal(loads(new GLib.Bytes(dumps([1]))), [1]);
    equal(loads(Uint8Array.of(0, ...dumps([1])).subarray(1)), [1], 'a view');
});

test('strings of Python 2 become bytes or text, as the flags say', () => {
    const {DEFAULT, PY2STR_AS_PY3STR, PY3STR_AS_PY2STR} = Execnet.LoadFlags;
    const python2 = fromHex('014d0000000261e451');
    const python3 = fromHex('014e0000000361c3a451');
    const unicode = fromHex('01530000000361c3a451');
    const bytes = new Uint8Array([0x61, 0xe4]);

    equal(loads(python2), bytes);
    equal(loads(python2, PY2STR_AS_PY3STR), 'aä');
    equal(loads(python3, DEFAULT), 'aä');
    equal(loads(python3, PY3STR_AS_PY2STR), new Uint8Array([0x61, 0xc3, 0xa4]));
    equal(loads(unicode, PY2STR_AS_PY3STR | PY3STR_AS_PY2STR), 'aä');
    equal(loads(fromHex('014d0000000051'), PY2STR_AS_PY3STR), '');
    const long = Uint8Array.of(1, 0x4d, 0, 1, 0, 0, ...new Uint8Array(0x10000).fill(0xe4), 0x51);
    equal(loads(long, PY2STR_AS_PY3STR), 'ä'.repeat(0x10000));
    // {b'k': 1}: keys that became bytes make a Map.
    equal(loads(fromHex('024a4e000000016b46000000015051'), PY3STR_AS_PY2STR),
        new Map([[new Uint8Array([0x6b]), 1]]));
});

test('what only older peers write is read', () => {
    equal(loads(fromHex('01470000000551')), 5, 'LONG');
    equal(loads(fromHex('0149000000022b3551')), 5, 'LONGLONG with a sign');
    equal(loads(fromHex('0148000000022d3051')), 0, 'minus zero as an int');
});

test('a variant is sent as what it means', () => {
    const variant = new GLib.Variant('a{sv}', {size: new GLib.Variant('(xd)', [1, 2])});
    equal(toHex(dumps([variant])), toHex(dumps([{size: new Tuple(1, new Float(2))}])));
});

test('wrappers compute and print', () => {
    equal(new Float(2) * 3, 6);
    equal(`${new Float(2)} ${new Complex(1, -0)} ${new Complex(1, 2)}`, '2 (1-0j) (1+2j)');
    equal(new Tuple(1, 2).map(x => x * 2), [2, 4], 'what is made from a tuple');
    equal(Tuple.from([5]), new Tuple(5));
    equal(Tuple.of(5), new Tuple(5));
    ok(Array.isArray(new Tuple()), 'a tuple is an array');
});

// Best of three, in milliseconds.
function duration(func) {
    return Math.min(...[1, 2, 3].map(() => {
        const start = GLib.get_monotonic_time();
        func();
        return (GLib.get_monotonic_time() - start) / 1000;
    }));
}

test('the codec is compiled', () => {
    const list = Array.from({length: 1e6}, (_, i) => i);
    equal(loads(dumps(list))[999999], 999999);
    const json = duration(() => JSON.parse(JSON.stringify(list)));
    const ours = duration(() => loads(dumps(list)));
    print(`# 1e6 ints there and back in ${ours.toFixed()} ms, as JSON in ${json.toFixed()} ms`);
    // When the just-in-time compiler gives up, it takes thirty times as long as JSON.
    ok(ours < 12 * json, 'less than twelve times JSON’s time');
});

test('bytes that are changed are no item, or another one, and nothing else', async () => {
    const random = randomNumbers(chooseSeed());
    const value = [1, 'text', {a: [null, 2.5], b: new Tuple(1, new Set([3, 2n ** 70n]))},
        new Map([[1, new FrozenSet(['x'])]]), new Uint8Array(5), 'ä'.repeat(40), new Complex(1, 2)];
    const dump = dumps(value);
    let refused = 0;

    for (let end = 0; end < dump.length; end++) {
        await throwsCode(Execnet.Error, Execnet.Error.DATA_FORMAT,
            () => loads(dump.subarray(0, end)));
    }
    for (let i = 0; i < 20000; i++) {
        const changed = dump.slice();
        for (let n = random(4); n >= 0; n--) {
            const place = 1 + random(dump.length - 1);
            changed[place] = random(2) ? random(256) : 0x40 + random(21);
        }
        try {
            show(loads(changed));
        } catch (error) {
            if (!(error instanceof Execnet.Error) || error.code !== Execnet.Error.DATA_FORMAT)
                throw new Error(`${toHex(changed)}: ${error}`);
            refused++;
        }
    }
    ok(refused > 5000, `${refused} of 20000 were refused`);
});

await run();
