// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Execnet.Map with JavaScript values and promises.

/* exported init, makeMap */

const {matches} = imports.overrides.execnet.errors;
const {itemFrom, itemTo} = imports.overrides.execnet.items;
const {later, mixIn} = imports.overrides.execnet.promises;

// By map: the iterator of its items, and whether errors come like results.
const feeds = new WeakMap();

async function pushWanted(map, items) {
    for (let wanted = map.get_n_wanted(); wanted > 0; wanted--) {
        const {done, value} = await items.next(); // eslint-disable-line no-await-in-loop
        if (done) {
            map.finish();
            return;
        }
        map.push_bytes(itemTo(null, value));
    }
}

/** A function that the gateways of a group apply to many items; see `Group.map`. */
class Map {
    /**
     * Adds an item.
     *
     * @param {*} value - the item, without channels
     * @throws {GLib.Error} UNSUPPORTED_TYPE, TOO_DEEP or TOO_LARGE
     */
    push(value) {
        this.push_bytes(itemTo(null, value));
    }

    /**
     * Takes the next result.
     *
     * @param {number} [timeout] - milliseconds, -1 without end
     * @param {?Gio.Cancellable} [cancellable] - to stop waiting; no result is lost
     * @returns {Promise<*>} the result
     * @throws {Execnet.RemoteError} what the function raised for this item
     * @throws {GLib.Error} DIED when workers died of the item or no gateway is left, END after the
     *   last result, and as `execnet_map_next`
     */
    async next(timeout = -1, cancellable = null) {
        const [bytes, , channel] = await later(
            callback => this.next_async(timeout, cancellable, callback),
            result => this.next_bytes_finish(result));
        if (bytes === null)
            throw channel?.getRemoteError() ?? this.dup_failure();
        return itemFrom(channel, bytes);
    }

    /**
     * Iterates over the results: `for await (const result of map)`. It is cancelled when that is
     * left before the end.
     *
     * @yields {*} the results, or the errors where `Group.map` was asked for that
     */
    async *[Symbol.asyncIterator]() {
        const {items, returnErrors} = feeds.get(this) ?? {};
        try {
            for (;;) {
                if (items)
                    await pushWanted(this, items);
                let result;
                try {
                    result = await this.next();
                } catch (error) {
                    if (matches(error, 'END'))
                        return;
                    if (!returnErrors)
                        throw error;
                    result = error;
                }
                yield result;
            }
        } finally {
            this.cancel();
            await items?.return?.();
        }
    }
}

function makeMap(Execnet, group, source, items, {ordered = true, returnErrors = false} = {}) {
    const map = Execnet.Map.new(group, source, ordered);
    const makeIterator = items[Symbol.asyncIterator] ?? items[Symbol.iterator];
    feeds.set(map, {items: makeIterator.call(items), returnErrors});
    return map;
}

function init(Execnet) {
    mixIn(Execnet.Map, Map);
}
