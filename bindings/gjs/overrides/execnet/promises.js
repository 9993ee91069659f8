// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

/* exported later, loopHadTurn, mixIn, replaced */

const {get_monotonic_time} = imports.gi.GLib; // eslint-disable-line camelcase

const {spend} = imports.overrides.execnet.collector;

// Microseconds that a program may go on without giving the main loop a turn.
const TURN_LENGTH = 10000;

// When the main loop last called back.
let lastTurn = 0;

/**
 * Makes a promise of an asynchronous call of the library.
 *
 * @param {function(Function): void} start - starts the call with the callback it is given
 * @param {function(Gio.AsyncResult): *} finish - ends the call
 * @returns {Promise} what `finish` returns or throws
 */
function later(start, finish) {
    return new Promise((resolve, reject) => {
        start((_source, result) => {
            lastTurn = get_monotonic_time();
            spend(0);
            try {
                resolve(finish(result));
            } catch (error) {
                reject(error);
            }
        });
    });
}

/**
 * @returns {boolean} whether the main loop had its turn just now: then what is there already can be
 *   taken without it, which costs a tenth
 */
function loopHadTurn() {
    return get_monotonic_time() - lastTurn < TURN_LENGTH;
}

/**
 * Collects functions of the library that are about to be replaced.
 *
 * @param {object} owner - a prototype or the namespace
 * @param {...string} names - their names
 * @returns {object} the functions by name
 */
function replaced(owner, ...names) {
    return Object.fromEntries(names.map(name => [name, owner[name]]));
}

/**
 * Gives a class of the library the methods of another one, also under the names in the style of
 * the C library (`waitClose` is `wait_close` too), where they replace the blocking ones.
 *
 * @param {Function} target - the class of the library
 * @param {Function} methods - the class with the methods
 */
function mixIn(target, methods) {
    for (const name of Reflect.ownKeys(methods.prototype)) {
        if (name === 'constructor')
            continue;
        // Those of the library can be assigned to, but not defined anew.
        const method = methods.prototype[name];
        target.prototype[name] = method;
        if (typeof name === 'string') {
            target.prototype[name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)] =
                method;
        }
    }
}
