// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Execnet.Channel with JavaScript values and promises.

/* exported init */

const {Gio} = imports.gi;

const {fail, matches, RemoteError} = imports.overrides.execnet.errors;
const {itemFrom, itemTo} = imports.overrides.execnet.items;
const {later, loopHadTurn, mixIn, replaced} = imports.overrides.execnet.promises;

// Bytes that a channel sends without asking whether there is room: that takes a turn of the main
// loop.
const UNAWAITED_SIZE = 2 ** 18;

// By channel: how many bytes went without asking, and how many calls wait for room.
const queues = new WeakMap();

// Channels with a callback: GJS drops the callback of an object that it collects.
const listening = new Set();

let library;

function queueOf(channel) {
    let queue = queues.get(channel);
    if (!queue)
        queues.set(channel, queue = {size: 0, waiting: 0});
    return queue;
}

/**
 * @param {Execnet.Channel} channel - where the error came up
 * @param {*} error - anything that was thrown
 * @returns {*} a RemoteError for a GLib.Error of the code REMOTE, else the error itself
 */
function nativeError(channel, error) {
    if (!matches(error, 'REMOTE'))
        return error;
    return channel.get_remote_error() ?? new RemoteError(error.message);
}

/**
 * @param {Channel} channel - where to send
 * @param {Uint8Array|GLib.Bytes} bytes - an item
 * @returns {boolean} false when the other side takes no more for now
 */
function tryQueue(channel, bytes) {
    try {
        return channel.queue_bytes(bytes);
    } catch (error) {
        if (error.matches?.(Gio.IOErrorEnum, Gio.IOErrorEnum.WOULD_BLOCK))
            return false;
        throw error;
    }
}

/**
 * A way to talk with code that runs in another interpreter.
 *
 * Close a channel with `close()` when it is no longer needed: JavaScript doesn't notice soon when
 * the last reference is gone. Every method also has its name in the style of C (`wait_close`).
 *
 * Time-outs are milliseconds; -1 waits without end. All callbacks run in the main context that
 * the gateway was made in, which must be the one of the program's main thread.
 */
class Channel {
    /**
     * Sends an item. Items arrive in the order of the calls, also when no promise is awaited.
     *
     * @param {*} value - the item, see the table of types in docs/javascript-items.md
     * @param {?Gio.Cancellable} [cancellable] - to stop waiting
     * @returns {Promise<void>} ready when the item is on its way, or queued and the queue short
     *   enough: awaiting it holds back a sender that is faster than the connection
     * @throws {GLib.Error} UNSUPPORTED_TYPE, TOO_DEEP or TOO_LARGE with the path to what can't be
     *   sent; CLOSED when the channel is closed; DIED when the other side ended; CANCELLED of
     *   Gio.IOErrorEnum
     */
    async send(value, cancellable = null) {
        const bytes = itemTo(this.get_gateway(), value);
        await this.send_bytes(bytes, cancellable);
    }

    /** Like `send`, but blocks instead of returning a promise. */
    send_sync(value, cancellable = null) {
        this.send_bytes_sync(itemTo(this.get_gateway(), value), cancellable);
    }

    /**
     * Sends an item that is in its wire form already, as `receiveBytes` gave it.
     *
     * @param {Uint8Array|GLib.Bytes} bytes - the wire form
     * @param {?Gio.Cancellable} [cancellable] - to stop waiting
     * @returns {Promise<void>} as for `send`
     * @throws {GLib.Error} as `send`; DATA_FORMAT
     */
    async sendBytes(bytes, cancellable = null) {
        const queue = queueOf(this);
        const size = bytes.length ?? bytes.get_size();
        try {
            if (queue.waiting === 0 && queue.size + size <= UNAWAITED_SIZE &&
                !cancellable?.is_cancelled()) {
                if (tryQueue(this, bytes)) {
                    queue.size += size;
                    return;
                }
            }
            queue.waiting++;
            await later(callback => this.send_bytes_async(bytes, cancellable, callback),
                result => this.send_bytes_finish(result)).finally(() => queue.waiting--);
            queue.size = 0;
        } catch (error) {
            throw nativeError(this, error);
        }
    }

    /** Like `sendBytes`, but blocks instead of returning a promise. */
    send_bytes_sync(bytes, cancellable = null) {
        try {
            library.send_bytes.call(this, bytes, cancellable);
        } catch (error) {
            throw nativeError(this, error);
        }
    }

    /**
     * Takes the next item.
     *
     * @param {number} [timeout] - milliseconds, -1 without end
     * @param {?Gio.Cancellable} [cancellable] - to stop waiting; no item is lost
     * @returns {Promise<*>} the item
     * @throws {Execnet.RemoteError} when remote code raised an exception; once, END after that
     * @throws {GLib.Error} END when no more items will come; TIMED_OUT; HAS_HANDLER when items go
     *   to a callback; DIED when the other side ended; DATA_FORMAT when what arrived is no item;
     *   CANCELLED of Gio.IOErrorEnum
     */
    async receive(timeout = -1, cancellable = null) {
        return itemFrom(this, await this.receive_bytes(timeout, cancellable));
    }

    /** Like `receive`, but blocks instead of returning a promise. */
    receive_sync(timeout = -1, cancellable = null) {
        return itemFrom(this, this.receive_bytes_sync(timeout, cancellable));
    }

    /**
     * Takes the next item in its wire form: the cheapest way to hand it on, which also keeps what
     * JavaScript can't tell apart.
     *
     * @param {number} [timeout] - milliseconds, -1 without end
     * @param {?Gio.Cancellable} [cancellable] - to stop waiting
     * @returns {Promise<GLib.Bytes>} the wire form
     * @throws {Error} as `receive`
     */
    async receiveBytes(timeout = -1, cancellable = null) {
        try {
            const ready = loopHadTurn() && !cancellable?.is_cancelled()
                ? this.try_receive_bytes() : null;
            return ready ?? await later(
                callback => this.receive_bytes_async(timeout, cancellable, callback),
                result => this.receive_bytes_finish(result));
        } catch (error) {
            throw nativeError(this, error);
        }
    }

    /** Like `receiveBytes`, but blocks instead of returning a promise. */
    receive_bytes_sync(timeout = -1, cancellable = null) {
        try {
            return library.receive_bytes.call(this, timeout, cancellable);
        } catch (error) {
            throw nativeError(this, error);
        }
    }

    /**
     * Takes the next item if one is there.
     *
     * @returns {*} the item, or undefined when none is there yet (a None that arrived is null)
     * @throws {Error} as `receive`, but never TIMED_OUT
     */
    tryReceive() {
        try {
            const bytes = this.try_receive_bytes();
            return bytes === null ? undefined : itemFrom(this, bytes);
        } catch (error) {
            throw nativeError(this, error);
        }
    }

    /**
     * Iterates over the items until no more come: `for await (const item of channel)`. A remote
     * exception is thrown, the end is not. Leaving the loop doesn't close the channel.
     *
     * @yields {*} each item
     */
    async *[Symbol.asyncIterator]() {
        for (;;) {
            let item;
            try {
                item = await this.receive();
            } catch (error) {
                if (matches(error, 'END'))
                    return;
                throw error;
            }
            yield item;
        }
    }

    /**
     * Has a function called for each item, instead of `receive`. Items that wait already are
     * given to it before this call returns. The channel is kept alive until it is closed.
     *
     * What the function throws is logged and closes the channel with that error, which the other
     * side and `waitClose` see; also what the promise of an asynchronous function is rejected with.
     *
     * @param {function(*): void} func - takes an item
     * @param {function(): void} [onEnd] - called once when no more items will come
     * @throws {GLib.Error} HAS_HANDLER when there is a callback already; NOT_CONNECTED
     * @throws {*} what `func` throws for an item that waited
     */
    setCallback(func, onEnd = null) {
        const deliver = bytes => {
            const result = func(itemFrom(this, bytes));
            if (result instanceof Promise) {
                result.catch(error => {
                    logError(error, 'Execnet callback');
                    this.close(String(error));
                });
            }
        };
        const [, queued] = this.set_bytes_callback(null, true, bytes => {
            try {
                if (bytes !== null) {
                    deliver(bytes);
                } else {
                    listening.delete(this);
                    onEnd?.();
                }
                return true;
            } catch (error) {
                logError(error, 'Execnet callback');
                return fail('FAILED', String(error));
            }
        });
        listening.add(this);
        try {
            queued?.forEach(deliver);
        } catch (error) {
            this.close(String(error));
            throw error;
        }
    }

    /**
     * Closes the channel; again is allowed and does nothing.
     *
     * @param {?string} [errorText] - an error that the other side gets as a RemoteError
     */
    close(errorText = null) {
        library.close.call(this, errorText);
    }

    /**
     * Waits until the other side has closed the channel, which it does when its code ends.
     *
     * @param {number} [timeout] - milliseconds, -1 without end
     * @param {?Gio.Cancellable} [cancellable] - to stop waiting
     * @returns {Promise<void>} ready when the channel is closed, and a callback had all items
     * @throws {Execnet.RemoteError} when remote code raised an exception that no `receive` gave
     * @throws {GLib.Error} TIMED_OUT; DIED; CANCELLED of Gio.IOErrorEnum
     */
    async waitClose(timeout = -1, cancellable = null) {
        try {
            await later(callback => this.wait_close_async(timeout, cancellable, callback),
                result => this.wait_close_finish(result));
        } catch (error) {
            throw nativeError(this, error);
        }
    }

    /** Like `waitClose`, but blocks instead of returning a promise. */
    wait_close_sync(timeout = -1, cancellable = null) {
        try {
            library.wait_close.call(this, timeout, cancellable);
        } catch (error) {
            throw nativeError(this, error);
        }
    }

    /** @returns {?Execnet.RemoteError} the error that the other side closed the channel with */
    getRemoteError() {
        const remote = library.get_remote_error.call(this);
        return remote && new RemoteError(remote.get_message() ?? remote.get_text(),
            remote.get_type_name() ?? '', remote.get_text());
    }
}

function init(Execnet) {
    library = replaced(Execnet.Channel.prototype, 'close', 'get_remote_error', 'receive_bytes',
        'send_bytes', 'wait_close');
    mixIn(Execnet.Channel, Channel);
}
