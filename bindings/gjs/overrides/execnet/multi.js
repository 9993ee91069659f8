// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Execnet.MultiChannel and Execnet.ReceiveQueue with JavaScript values and promises.

/* exported init */

const {matches} = imports.overrides.execnet.errors;
const {itemFrom} = imports.overrides.execnet.items;
const {later, mixIn, replaced} = imports.overrides.execnet.promises;

let ofMulti;

// Waits for all, also when one fails, and throws the first error in their order.
async function settled(promises) {
    const results = await Promise.allSettled(promises);
    const failed = results.find(result => result.status === 'rejected');
    if (failed)
        throw failed.reason;
    return results.map(result => result.value);
}

/**
 * Several channels that are used together. It iterates over them. Every method also has its name in
 * the style of C (`send_each`).
 */
class MultiChannel {
    /**
     * Sends an item over each channel.
     *
     * @param {*} value - the item, as for `Channel.send`
     * @param {?Gio.Cancellable} [cancellable] - to stop waiting
     * @returns {Promise<void>} ready when it is on its way over all
     * @throws {GLib.Error} as `Channel.send`: the error of the first that failed
     */
    async sendEach(value, cancellable = null) {
        await settled([...this].map(channel => channel.send(value, cancellable)));
    }

    /** Like `sendEach`, but blocks instead of returning a promise. */
    send_each_sync(value, cancellable = null) {
        for (const channel of this)
            channel.send_sync(value, cancellable);
    }

    /**
     * Takes one item from each channel.
     *
     * @param {number} [timeout] - milliseconds, -1 without end
     * @param {?Gio.Cancellable} [cancellable] - to stop waiting
     * @returns {Promise<Array>} the items, in the order of the channels
     * @throws {Error} as `Channel.receive`: the error of the first that failed; then the items of
     *   the others are lost
     */
    receiveEach(timeout = -1, cancellable = null) {
        return settled([...this].map(channel => channel.receive(timeout, cancellable)));
    }

    /** Like `receiveEach`, but blocks instead of returning a promise. */
    receive_each_sync(timeout = -1, cancellable = null) {
        return [...this].map(channel => channel.receive_sync(timeout, cancellable));
    }

    /**
     * Makes a queue of what arrives over all channels, the same one at each call.
     *
     * @param {boolean} [endMarkers] - whether each channel's end is in the queue, too
     * @returns {Execnet.ReceiveQueue} the queue
     * @throws {GLib.Error} HAS_HANDLER when the items of a channel go elsewhere already
     */
    makeReceiveQueue(endMarkers = false) {
        return ofMulti.make_receive_queue.call(this, endMarkers);
    }

    /**
     * Waits until all channels are closed.
     *
     * @param {number} [timeout] - milliseconds, -1 without end
     * @param {?Gio.Cancellable} [cancellable] - to stop waiting
     * @returns {Promise<void>} ready when they are
     * @throws {Error} as `Channel.waitClose`: when all have closed, the first error of one
     */
    async waitClose(timeout = -1, cancellable = null) {
        await settled([...this].map(channel => channel.waitClose(timeout, cancellable)));
    }

    [Symbol.iterator]() {
        return this.get_channels()[Symbol.iterator]();
    }
}

function popped([, channel, bytes]) {
    if (bytes === null)
        return {channel, isEnd: true};
    return {channel, item: itemFrom(channel, bytes), isEnd: false};
}

/** What arrives over several channels, in the order of its coming. */
class ReceiveQueue {
    /**
     * Takes the next item.
     *
     * @param {number} [timeout] - milliseconds, -1 without end
     * @param {?Gio.Cancellable} [cancellable] - to stop waiting; no item is lost
     * @returns {Promise<{channel: Execnet.Channel, item: *, isEnd: boolean}>} the item and its
     *   channel; `isEnd` tells that nothing more will come over it, then there is no item
     * @throws {GLib.Error} END when all channels have ended and everything was taken; TIMED_OUT;
     *   DATA_FORMAT; CANCELLED of Gio.IOErrorEnum
     */
    async pop(timeout = -1, cancellable = null) {
        return popped(await later(callback => this.pop_async(timeout, cancellable, callback),
            result => this.pop_bytes_finish(result)));
    }

    /** Like `pop`, but blocks instead of returning a promise. */
    pop_sync(timeout = -1, cancellable = null) {
        return popped(this.pop_bytes(timeout, cancellable));
    }

    /**
     * Takes the next item if one is there.
     *
     * @returns {?{channel: Execnet.Channel, item: *, isEnd: boolean}} as for `pop`; null when
     *   nothing is there now
     * @throws {GLib.Error} as `pop`, but never TIMED_OUT
     */
    tryPop() {
        const result = this.try_pop_bytes();
        return result[0] ? popped(result) : null;
    }

    /**
     * Iterates until all channels have ended: `for await (const {channel, item} of queue)`.
     *
     * @yields {{channel: Execnet.Channel, item: *, isEnd: boolean}} as for `pop`
     */
    async *[Symbol.asyncIterator]() {
        for (;;) {
            let next;
            try {
                next = await this.pop();
            } catch (error) {
                if (matches(error, 'END'))
                    return;
                throw error;
            }
            yield next;
        }
    }
}

function init(Execnet) {
    ofMulti = replaced(Execnet.MultiChannel.prototype, 'make_receive_queue');
    mixIn(Execnet.MultiChannel, MultiChannel);
    mixIn(Execnet.ReceiveQueue, ReceiveQueue);
}
