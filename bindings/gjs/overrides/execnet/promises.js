// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

/* exported later, mixIn, replaced */

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
            try {
                resolve(finish(result));
            } catch (error) {
                reject(error);
            }
        });
    });
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
