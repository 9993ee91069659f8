// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// GJS before 1.82 loses callbacks: when its engine collects garbage in steps, GJS refuses (with a
// critical message) every callback that comes between two steps of sweeping, and the promise that
// waits for it is never fulfilled. It collects in steps when about 24 MB were allocated since the
// last time; a few ten thousand items do that. So whoever moves items counts what they cost, and
// the garbage is collected at once before it comes to that.

/* exported spend */

const System = imports.system;

// Bytes. The smallest amount that starts a collection in steps is twice as much.
const BUDGET = 12 * 2 ** 20;
// Wrappers, closures and the promise of one call.
const CALL_COST = 2000;
// What a byte of an item takes as values of JavaScript.
const BYTE_COST = 4;
// Microseconds. A collection that takes longer means that much is kept, which also makes the engine
// wait longer.
const USUAL_DURATION = 100000;

const STEPS_LOSE_CALLBACKS = System.version < 18190;
const {get_monotonic_time} = imports.gi.GLib; // eslint-disable-line camelcase

let spent = 0;
let budget = BUDGET;

/**
 * Counts a call, and collects the garbage when it is time.
 *
 * @param {number} size - the bytes of the item that it moved
 */
function spend(size) {
    spent += CALL_COST + BYTE_COST * size;
    if (spent < budget || !STEPS_LOSE_CALLBACKS)
        return;
    const start = get_monotonic_time();
    System.gc();
    budget = BUDGET * Math.max(1, (get_monotonic_time() - start) / USUAL_DURATION);
    spent = 0;
}
