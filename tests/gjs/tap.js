// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A small harness: each test is a function, also an asynchronous one; the report is TAP.

import GLib from 'gi://GLib';
import System from 'system';

const tests = [];

/** Adds a test. */
export function test(name, func) {
    tests.push([name, func]);
}

/** Runs the tests one after the other. Await it at the end of the file. */
export async function run() {
    let failed = 0;
    print(`1..${tests.length}`);
    for (const [i, [name, func]] of tests.entries()) {
        try {
            const skipped = await func();
            print(`ok ${i + 1} - ${name}${skipped ? ` # SKIP ${skipped}` : ''}`);
        } catch (error) {
            failed++;
            print(`not ok ${i + 1} - ${name}`);
            for (const line of `${error}\n${error.stack ?? ''}`.trimEnd().split('\n'))
                print(`#   ${line}`);
        }
    }
    if (failed > 0)
        System.exit(1);
}

/** What a value is, without a doubt: types, order, signs of zero and all. */
export function show(value) {
    switch (typeof value) {
    case 'string':
        return JSON.stringify(value);
    case 'bigint':
        return `${value}n`;
    case 'number':
        return Object.is(value, -0) ? '-0' : String(value);
    case 'object':
        return value === null ? 'null' : showObject(value);
    default:
        return String(value);
    }
}

function showObject(value) {
    const prototype = Object.getPrototypeOf(value);
    const name = prototype === null ? '' : prototype.constructor.name;
    if (ArrayBuffer.isView(value))
        return `${name}(${Array.from(value).join()})`;
    if (Array.isArray(value))
        return `${name === 'Array' ? '' : name}[${Array.from(value, show).join()}]`;
    if (value instanceof Set)
        return `${name}{${[...value].map(show).join()}}`;
    if (value instanceof Map)
        return `${name}{${[...value].map(([k, v]) => `${show(k)}=>${show(v)}`).join()}}`;
    const entries = Object.keys(value).map(key => `${JSON.stringify(key)}:${show(value[key])}`);
    return `${name}{${entries.join()}}`;
}

/** Fails unless both values are the same, see `show`. */
export function equal(actual, expected, what = 'the value') {
    const [is, should] = [show(actual), show(expected)];
    if (is !== should)
        throw new Error(`${what} is ${is.slice(0, 500)}, not ${should.slice(0, 500)}`);
}

/** Fails unless the condition holds. */
export function ok(condition, what) {
    if (!condition)
        throw new Error(`${what} doesn’t hold`);
}

/** Fails unless the text matches. */
export function match(text, pattern) {
    if (!pattern.test(text))
        throw new Error(`${JSON.stringify(text)} doesn’t match ${pattern}`);
}

/** Fails unless `func` (also an asynchronous one) throws; gives what it throws. */
export async function thrown(func) {
    let value;
    try {
        value = await func();
    } catch (error) {
        return error;
    }
    throw new Error(`nothing was thrown, ${show(value).slice(0, 200)} came back`);
}

/** Fails unless `func` throws a GLib.Error of that code; gives it. */
export async function throwsCode(domain, code, func) {
    const error = await thrown(func);
    if (!(error instanceof GLib.Error && error.matches(domain, code)))
        throw new Error(`${error} of the code ${error.code} was thrown, not ${code}\n${error.stack}`);
    return error;
}

/** Numbers from 0 to below `end` that look random and are the same for the same seed. */
export function randomNumbers(seed) {
    let state = seed >>> 0;
    return end => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return Math.floor(state / 0x100000000 * end);
    };
}

/** The seed for this run, which is printed; EXECNET_TEST_SEED repeats one. */
export function chooseSeed() {
    const seed = Number(GLib.getenv('EXECNET_TEST_SEED') ?? GLib.random_int());
    print(`# seed ${seed}: run with EXECNET_TEST_SEED=${seed} to repeat it`);
    return seed;
}
