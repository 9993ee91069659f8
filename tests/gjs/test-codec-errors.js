// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What the codec refuses, and how it says so.

import Execnet from 'gi://Execnet';
import GLib from 'gi://GLib';

import {fromHex} from './python.js';
import {equal, match, run, test, throwsCode} from './tap.js';

const {dumps, loads, Tuple} = Execnet;
const {DATA_FORMAT, TOO_DEEP, TOO_LARGE, UNSUPPORTED_TYPE} = Execnet.Error;

function nested(levels) {
    let value = null;
    for (let i = 0; i < levels; i++)
        value = i % 2 ? [value] : {a: value};
    return value;
}

const REFUSED = [
    [() => 1, /^value is of the type “function”/],
    [Symbol('s'), /“symbol”/],
    [[1, [2, {size: new Date()}]], /^value\[1\]\[1\]\.size is of the type “Date”/],
    [{'two words': Promise.resolve()}, /^value\["two words"\] is a Promise: await it first/],
    [new Map([[3, new Date()]]), /^value\.get\(3\) is/],
    [new Map([['k', [Symbol.iterator]]]), /^value\.get\("k"\)\[0\] is/],
    [new Map([[1, 2], [[1], 2]]), /^value\.keys\(\)\[1\] is of the type “Array”.*Execnet\.Tuple/],
    [new Set([1, {}]), /^value\.values\(\)\[1\] is of the type “Object”/],
    [new Set([new Set()]), /“Set”.*Execnet\.FrozenSet/],
    [new Set([new Tuple(1, [2])]), /^value\.values\(\)\[0\]\[1\] is of the type “Array”/],
    [new Set([new Map()]), /“Map”/],
    [new Set([new Float64Array()]), /“Float64Array”/],
    ['\ud800', /lone surrogate/],
    ['x'.repeat(1000) + '\udfff', /lone surrogate/], // eslint-disable-line prefer-template
    [{['a\ud800']: 1}, /lone surrogate/], // eslint-disable-line no-useless-computed-key
    [new class Point {}(), /“Point”/],
    [Object(1), /“Number”/],
    [new DataView(new ArrayBuffer(1)), /“DataView”/],
    [GLib.DateTime.new_now_utc(), /DateTime”/],
];

test('what an item can’t carry is refused with its type and path', async () => {
    for (const [value, pattern] of REFUSED) {
        const {message} = await throwsCode(Execnet.Error, UNSUPPORTED_TYPE, () => dumps(value));
        match(message, pattern);
        match(message, /\.$/);
    }
});

test('writing goes on after an error', async () => {
    await throwsCode(Execnet.Error, UNSUPPORTED_TYPE, () => dumps(new Set([new Set()])));
    equal(loads(dumps([new Set([1])])), [new Set([1])]);
});

test('a value may write another one while it is written', () => {
    const value = {get inner() {
        return dumps('inner');
    }, last: 1};
    equal(loads(loads(dumps(value)).inner), 'inner');
    equal(loads(dumps(value)).last, 1);
});

test('what a getter throws arrives as it is', async () => {
    let caught = null;
    const mine = new RangeError('mine');
    try {
        dumps([{get bad() {
            throw mine;
        }}]);
    } catch (error) {
        caught = error;
    }
    equal(caught === mine, true);
});

test('250 levels travel, more are refused on both sides', async () => {
    const deepest = dumps(nested(250));
    equal(dumps(loads(deepest)).length, deepest.length);
    await throwsCode(Execnet.Error, TOO_DEEP, () => dumps(nested(251)));

    const circle = [];
    circle.push({again: circle});
    const {message} = await throwsCode(Execnet.Error, TOO_DEEP, () => dumps(circle));
    match(message, /^value\[0\]\.again\[0\].*contains itself/);
    equal(message.length < 300, true);

    // ((((…)))): no stack is needed to nest tuples.
    const tuples = levels => fromHex(`024c${'4000000001'.repeat(levels)}51`);
    equal(dumps(loads(tuples(250))).length, tuples(250).length);
    await throwsCode(Execnet.Error, DATA_FORMAT, () => loads(tuples(251)));
    await throwsCode(Execnet.Error, DATA_FORMAT, () => loads(tuples(100000)));
});

test('ints of more digits than Python takes are refused on both sides', async () => {
    equal(loads(dumps(10n ** 4299n)), 10n ** 4299n);
    equal(loads(dumps(-(10n ** 4299n))), -(10n ** 4299n));
    await throwsCode(Execnet.Error, TOO_LARGE, () => dumps(10n ** 4300n));
    const many = Uint8Array.of(2, 0x48, 0, 0, 0x10, 0xcd, ...new Uint8Array(4301).fill(0x39), 0x51);
    await throwsCode(Execnet.Error, DATA_FORMAT, () => loads(many));
});

const MALFORMED = [
    ['', /empty/],
    ['034c51', /version 3/],
    ['02', /offset 1.*end comes before the stop/],
    ['024c', /offset 2.*end comes before the stop/],
    ['025a51', /offset 1.*unknown opcode 0x5a/],
    ['0251', /stop opcode with 0 values/],
    ['024c4c51', /stop opcode with 2 values/],
    ['0246000051', /offset 1.*more bytes are announced/],
    ['02440000000051', /more bytes are announced/],
    ['024effffffff51', /size is negative/],
    ['024e7fffffff51', /more bytes are announced/],
    ['02417fffffff51', /more bytes are announced/],
    ['024e00000002ff6151', /not valid UTF-8/],
    ['024e00000003eda08051', /not valid UTF-8/],
    ['02530000000261c351', /not valid UTF-8/],
    ['024b7fffffff51', /longer than the bytes/],
    ['024b00ffffff51', /longer than the bytes/],
    ['02407fffffff51', /more members than there are/],
    ['024c4f0000000251', /more members than there are/],
    ['024c5051', /too few values/],
    ['024c4c4c5051', /neither a list nor a dict/],
    ['024b0000000046000000004c5051', /behind its end/],
    ['024b000000014c4c504c4c5051', /no integer/],
    ['024a4a4c5051', /key is a value that can change/],
    ['024a4f0000000151', /member of a set is a value that can change/],
    ['024a4a40000000014c5051', /key is a value that can change/],
    ['0248000000023a3a51', /not written in decimal/],
    ['02480000000051', /not written in decimal/],
    ['0248000000022d2d51', /not written in decimal/],
    ['02480000000331653551', /not written in decimal/],
    ['02420000000151', /there is a channel/],
];

test('malformed bytes are refused with the offset', async () => {
    for (const [hex, pattern] of MALFORMED) {
        const {message} = await throwsCode(Execnet.Error, DATA_FORMAT, () => loads(fromHex(hex)));
        match(message, pattern);
    }
});

test('what lists announce is no more than the bytes can hold, all together', async () => {
    equal(loads(fromHex('024b0000000351')), [null, null, null]);
    // Each list alone would be possible, and all of them would take 80 GB.
    const lists = fromHex(`02${'4b00020000'.repeat(200000)}51`);
    await throwsCode(Execnet.Error, DATA_FORMAT, () => loads(lists));
});

test('a list’s index counts from its end when it is negative', () => {
    equal(loads(fromHex('024b0000000146ffffffff525051')), [true]);
});

await run();
