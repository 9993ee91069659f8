// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Maps over a group with two real interpreters.

import Execnet from 'gi://Execnet';

import {equal, ok, run, test, thrown, throwsCode} from './tap.js';

const group = new Execnet.Group();
await Promise.all([group.makeGateway('popen'), group.makeGateway('popen')]);

const SQUARE = 'def square(x): return x * x';
const INVERT = 'def invert(x): return 12 // x';

async function collect(map) {
    const results = [];
    for await (const result of map)
        results.push(result);
    return results;
}

test('results come in the order of the items', async () => {
    const items = Array.from({length: 300}, (_, i) => i);
    const map = group.map(SQUARE, 'square', items);
    equal(await collect(map), items.map(x => x * x));
    equal([map.n_items, map.n_done, map.n_failed], [300, 300, 0]);
});

test('or as they are there', async () => {
    const source = Execnet.Source.new_function(
        'import time\ndef f(x):\n    if x == 0: time.sleep(0.3)\n    return x', 'f');
    const results = await collect(group.map(source, null, [0, 1, 2, 3, 4, 5], {ordered: false}));
    ok(results[0] !== 0, 'the slow one is not the first');
    equal(results.sort(), [0, 1, 2, 3, 4, 5]);
});

test('items may be made one by one and have no end', async () => {
    let asked = 0;
    let isLeft = false;
    async function* count() {
        try {
            for (;;)
                yield asked++;
        } finally {
            isLeft = true;
        }
    }
    const results = [];
    for await (const result of group.map(SQUARE, 'square', count())) {
        results.push(result);
        if (results.length === 100)
            break;
    }
    equal(results[99], 99 * 99);
    ok(asked < 300, 'no more than is needed to be busy');
    ok(isLeft, 'the items are told');
});

test('what the function raises is thrown', async () => {
    const error = await thrown(() => collect(group.map(INVERT, 'invert', [1, 0, 2])));
    ok(error instanceof Execnet.RemoteError);
    equal(error.type, 'ZeroDivisionError');
});

test('or comes in place of the result', async () => {
    const results = await collect(
        group.map(INVERT, 'invert', [1, 0, 2], {returnErrors: true}));
    equal([results[0], results[2]], [12, 6]);
    ok(results[1] instanceof Execnet.RemoteError);
});

test('a map takes items by hand', async () => {
    const map = Execnet.Map.new(group, Execnet.Source.new_function(SQUARE, 'square'), true);
    map.push(3);
    equal(await map.next(), 9);
    await throwsCode(Execnet.Error, Execnet.Error.WOULD_DEADLOCK, () => map.next());
    map.finish();
    await throwsCode(Execnet.Error, Execnet.Error.END, () => map.next());
});

await run();
await group.terminate();
