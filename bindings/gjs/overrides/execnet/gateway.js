// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Execnet.Gateway and Execnet.Group with JavaScript values and promises.

/* exported init, makeGateway, make_gateway_sync */

const {spend} = imports.overrides.execnet.collector;
const {_, fail} = imports.overrides.execnet.errors;
const {fromVariant, itemTo} = imports.overrides.execnet.items;
const {makeMap} = imports.overrides.execnet.map;
const {later, mixIn, replaced} = imports.overrides.execnet.promises;

// Bytes that a gateway takes outside of what the engine counts, also when it has ended.
const GATEWAY_SIZE = 2 ** 15;
// The opcode that the wire form of a dict begins with.
const NEWDICT = 0x4a;

let Execnet, ofGateway, ofGroup;

function asSource(source, functionName) {
    if (functionName !== null)
        return Execnet.Source.new_function(source, functionName);
    return typeof source === 'string' ? Execnet.Source.new(source) : source;
}

function asArguments(gateway, args) {
    if (args === null)
        return null;
    const bytes = itemTo(gateway, args, 'arguments');
    if (bytes[0] !== NEWDICT) {
        fail('UNSUPPORTED_TYPE',
            _('The arguments of a function are an object with their names as keys.'));
    }
    return bytes;
}

function asSpecs(specs) {
    return specs.map(spec => typeof spec === 'string' ? Execnet.XSpec.new(spec) : spec);
}

/**
 * An interpreter that runs somewhere. Every method also has its name in the style of C
 * (`remote_exec`).
 */
class Gateway {
    /**
     * Runs code in the interpreter, with `channel` among its names.
     *
     * @param {string|Execnet.Source} source - the code; Execnet.Source also names a function, which
     *   is called with the channel and the arguments
     * @param {?object} [args] - the function's arguments by name
     * @returns {Execnet.Channel} the channel to the running code
     * @throws {GLib.Error} UNSUPPORTED_TYPE, TOO_DEEP or TOO_LARGE with the path to the argument
     *   that can't be sent; CLOSED, DIED, EXITING or NOT_CONNECTED
     */
    remoteExec(source, args = null) {
        return this.remote_exec_bytes(asSource(source, null), asArguments(this, args));
    }

    /**
     * Calls a function in the interpreter.
     *
     * @param {string|Execnet.Source} source - the code that defines the function
     * @param {?string} functionName - its name, or null when `source` is an Execnet.Source
     * @param {?object} [args] - its arguments by name
     * @param {?Gio.Cancellable} [cancellable] - to stop waiting
     * @returns {Promise<*>} what the function returns
     * @throws {Execnet.RemoteError} what the function raises
     * @throws {GLib.Error} as `remoteExec`; CANCELLED of Gio.IOErrorEnum
     */
    async call(source, functionName = null, args = null, cancellable = null) {
        const channel = this.start_call(asSource(source, functionName), asArguments(this, args));
        try {
            return await channel.receive(-1, cancellable);
        } catch (error) {
            channel.close();
            throw error;
        }
    }

    /** Like `call`, but blocks instead of returning a promise. */
    call_sync(source, functionName = null, args = null, cancellable = null) {
        const channel = this.start_call(asSource(source, functionName), asArguments(this, args));
        try {
            return channel.receive_sync(-1, cancellable);
        } catch (error) {
            channel.close();
            throw error;
        }
    }

    /**
     * Makes a channel that belongs to no code yet: send it over another channel to give it to code.
     *
     * @returns {Execnet.Channel} the channel
     * @throws {GLib.Error} CLOSED, DIED, EXITING or NOT_CONNECTED
     */
    newChannel() {
        return ofGateway.new_channel.call(this);
    }

    /**
     * Asks the worker what it does.
     *
     * @param {?Gio.Cancellable} [cancellable] - to stop waiting
     * @returns {Promise<object>} `numchannels`, `numexecuting`, `numqueued` and `execmodel`
     * @throws {GLib.Error} CLOSED, DIED, EXITING or NOT_CONNECTED; CANCELLED of Gio.IOErrorEnum
     */
    async remoteStatus(cancellable = null) {
        return fromVariant(await later(
            callback => this.remote_status_async(cancellable, callback),
            result => this.remote_status_finish(result)));
    }

    /** Like `remoteStatus`, but blocks instead of returning a promise. */
    remote_status_sync(cancellable = null) {
        return fromVariant(ofGateway.remote_status.call(this, cancellable));
    }

    /**
     * Tells what interpreter it is, and where it runs.
     *
     * @param {boolean} [update] - whether to ask anew instead of giving what is known
     * @param {?Gio.Cancellable} [cancellable] - to stop waiting
     * @returns {Promise<object>} `executable`, `cwd`, `pid`, `platform`, `version_info`,
     *   `implementation`
     * @throws {GLib.Error} CLOSED, DIED, EXITING or NOT_CONNECTED; CANCELLED of Gio.IOErrorEnum
     */
    async remoteInformation(update = false, cancellable = null) {
        return fromVariant(await later(
            callback => this.remote_information_async(update, cancellable, callback),
            result => this.remote_information_finish(result)));
    }

    /** Like `remoteInformation`, but blocks instead of returning a promise. */
    remote_information_sync(update = false, cancellable = null) {
        return fromVariant(ofGateway.remote_information.call(this, update, cancellable));
    }

    /**
     * Waits until the connection has ended.
     *
     * @param {number} [timeout] - milliseconds, -1 without end
     * @param {?Gio.Cancellable} [cancellable] - to stop waiting
     * @returns {Promise<void>} ready when it has
     * @throws {GLib.Error} TIMED_OUT; CANCELLED of Gio.IOErrorEnum
     */
    async join(timeout = -1, cancellable = null) {
        await later(callback => this.join_async(timeout, cancellable, callback),
            result => this.join_finish(result));
    }

    /** Like `join`, but blocks instead of returning a promise. */
    join_sync(timeout = -1, cancellable = null) {
        ofGateway.join.call(this, timeout, cancellable);
    }
}

/** Gateways that belong together, and end together. It iterates over them. */
class Group {
    /**
     * Starts an interpreter.
     *
     * @param {?string|Execnet.XSpec} [spec] - where and how, as `popen//python=python3`; null means
     *   the group's default
     * @param {?Gio.Cancellable} [cancellable] - to give up
     * @returns {Promise<Execnet.Gateway>} the gateway, when the worker has answered
     * @throws {GLib.Error} INVALID_SPEC, NO_INTERPRETER and the other reasons for which none comes
     *   up; CANCELLED of Gio.IOErrorEnum
     */
    makeGateway(spec = null, cancellable = null) {
        spend(GATEWAY_SIZE);
        const kind = spec instanceof Execnet.XSpec ? 'make_gateway_for_xspec' : 'make_gateway';
        return later(callback => this[`${kind}_async`](spec, cancellable, callback),
            result => this[`${kind}_finish`](result));
    }

    /** Like `makeGateway`, but blocks instead of returning a promise. */
    make_gateway_sync(spec = null, cancellable = null) {
        spend(GATEWAY_SIZE);
        return spec instanceof Execnet.XSpec
            ? ofGroup.make_gateway_for_xspec.call(this, spec, cancellable)
            : ofGroup.make_gateway.call(this, spec, cancellable);
    }

    /**
     * Makes a gateway over a stream at whose other end an interpreter waits for its source; see
     * `Gateway.new_for_stream` of the library for what runs there.
     *
     * @param {Gio.IOStream} stream - belongs to the gateway from then on
     * @param {?string|Execnet.XSpec} [spec] - what the worker is told, as `id=far//chdir=/srv`
     * @param {?Gio.Cancellable} [cancellable] - to give up
     * @returns {Promise<Execnet.Gateway>} the gateway, when the worker has answered
     * @throws {GLib.Error} as `makeGateway`
     */
    makeGatewayForStream(stream, spec = null, cancellable = null) {
        spend(GATEWAY_SIZE);
        const options = typeof spec === 'string' ? Execnet.XSpec.new(spec) : spec;
        return later(callback => Execnet.Gateway.new_for_stream_async(this, stream, options,
            cancellable, callback), result => Execnet.Gateway.new_for_stream_finish(result));
    }

    /** Like `makeGatewayForStream`, but blocks instead of returning a promise. */
    make_gateway_for_stream_sync(stream, spec = null, cancellable = null) {
        spend(GATEWAY_SIZE);
        const options = typeof spec === 'string' ? Execnet.XSpec.new(spec) : spec;
        return Execnet.Gateway.new_for_stream(this, stream, options, cancellable);
    }

    /**
     * Starts many interpreters, several at a time: all come up, or none stays.
     *
     * @param {Array<string|Execnet.XSpec>} specs - where and how, as for `makeGateway`
     * @param {number} [maxParallel] - how many start together at most; 0 for a number that suits
     *   this machine
     * @param {?function(number, number): void} [progress] - called with how many are up, and how
     *   many there will be
     * @param {?Gio.Cancellable} [cancellable] - to give up
     * @returns {Promise<Array<Execnet.Gateway>>} the gateways, in the order of `specs`
     * @throws {GLib.Error} as `makeGateway`: the error of the first that failed
     */
    makeGateways(specs, maxParallel = 0, progress = null, cancellable = null) {
        spend(GATEWAY_SIZE * specs.length);
        return later(callback => this.make_gateways_async(asSpecs(specs), maxParallel, progress,
            cancellable, callback), result => this.make_gateways_finish(result));
    }

    /** Like `makeGateways`, but blocks instead of returning a promise. */
    make_gateways_sync(specs, maxParallel = 0, progress = null, cancellable = null) {
        spend(GATEWAY_SIZE * specs.length);
        return ofGroup.make_gateways.call(this, asSpecs(specs), maxParallel, progress, cancellable);
    }

    /**
     * Runs code in all interpreters that are up, as `Gateway.remoteExec` does in one.
     *
     * @param {string|Execnet.Source} source - the code
     * @param {?object} [args] - the arguments, by name, of the function that `source` names
     * @returns {Execnet.MultiChannel} a channel to each
     * @throws {GLib.Error} as `Gateway.remoteExec`: then the code of those before is without channel
     */
    remoteExec(source, args = null) {
        const gateways = [...this].filter(
            gateway => gateway.get_state() === Execnet.GatewayState.RUNNING);
        return Execnet.MultiChannel.new(
            gateways.map(gateway => gateway.remoteExec(source, args)));
    }

    /**
     * Applies a function to each of many items with all gateways.
     *
     * @param {string|Execnet.Source} source - the code that defines the function, of one argument
     * @param {?string} functionName - its name, or null when `source` is an Execnet.Source
     * @param {Iterable|AsyncIterable} items - the items, also without end: it is asked for so many
     *   that all gateways are busy
     * @param {{ordered: boolean, returnErrors: boolean}} [options] - whether results come in the
     *   order of the items (true), and whether errors come like results (false)
     * @returns {Execnet.Map} an async iterable of the results
     */
    map(source, functionName, items, options = {}) {
        return makeMap(Execnet, this, asSource(source, functionName), items, options);
    }

    /**
     * Ends all gateways: asks, waits, then kills.
     *
     * @param {number} [timeout] - milliseconds to wait, -1 without end
     * @param {?Gio.Cancellable} [cancellable] - to stop waiting
     * @returns {Promise<void>} ready when nothing of them is left
     * @throws {GLib.Error} CANCELLED of Gio.IOErrorEnum
     */
    async terminate(timeout = -1, cancellable = null) {
        await later(callback => this.terminate_async(timeout, cancellable, callback),
            result => this.terminate_finish(result));
    }

    /** Like `terminate`, but blocks instead of returning a promise. */
    terminate_sync(timeout = -1, cancellable = null) {
        ofGroup.terminate.call(this, timeout, cancellable);
    }

    [Symbol.iterator]() {
        return this.get_gateways()[Symbol.iterator]();
    }
}

/**
 * Starts an interpreter in the default group.
 *
 * @param {?string|Execnet.XSpec} [spec] - as for `Group.makeGateway`
 * @param {?Gio.Cancellable} [cancellable] - to give up
 * @returns {Promise<Execnet.Gateway>} as for `Group.makeGateway`
 */
function makeGateway(spec = null, cancellable = null) {
    return Execnet.Group.get_default().makeGateway(spec, cancellable);
}

/** Like `makeGateway`, but blocks instead of returning a promise. */
function make_gateway_sync(spec = null, cancellable = null) { // eslint-disable-line camelcase
    return Execnet.Group.get_default().make_gateway_sync(spec, cancellable);
}

function init(namespace) {
    Execnet = namespace;
    ofGateway = replaced(Execnet.Gateway.prototype, 'join', 'new_channel', 'remote_information',
        'remote_status');
    ofGroup = replaced(Execnet.Group.prototype, 'make_gateway', 'make_gateway_for_xspec',
        'make_gateways', 'terminate');
    mixIn(Execnet.Gateway, Gateway);
    mixIn(Execnet.Group, Group);
}
