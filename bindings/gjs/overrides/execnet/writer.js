// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// JavaScript values to the wire form of items. It goes around GVariant, which would cost a
// hundred times as much. The format is execnet's: docs/protocol.md; the mapping:
// docs/javascript-items.md.

/* exported write */

/**
 * Writes one value.
 *
 * @param {*} value - the value
 * @param {string} root - what to call it in an error
 * @param {object} hooks - what the codec can't know
 * @param {function(GLib.Variant): Uint8Array} hooks.dumpVariant - gives a dump
 * @param {function(*): ?number} [hooks.channelId] - the number of a channel that may be sent, or
 *   null for everything else
 * @param {number} [version] - a version byte to begin with; an item in a message has none
 * @returns {Uint8Array} the wire form, valid until the next call
 * @throws {GLib.Error} UNSUPPORTED_TYPE, TOO_DEEP or TOO_LARGE, with the path to what is wrong
 */
var write;

// In modules of this kind the names of the top level and of the platform are looked up anew at each
// use, which made this ten times as slow; those of a block are not.
{
    const {Array, ArrayBuffer, BigInt, DataView, Map, Math, Number, Object, Set, String,
        Uint8Array} = globalThis;
    const {Bytes, Variant} = imports.gi.GLib;
    const {_, fail, vprintf} = imports.overrides.execnet.errors;
    const {Complex, Float, FrozenSet, Tuple} = imports.overrides.execnet.values;

    const NONE = 0x4c, TRUE = 0x52, FALSE = 0x43, INT = 0x46, LONGINT = 0x48, FLOAT = 0x44,
        COMPLEX = 0x54, BYTES = 0x41, TEXT = 0x4e, NEWLIST = 0x4b, NEWDICT = 0x4a, SETITEM = 0x50,
        BUILDTUPLE = 0x40, SET = 0x4f, FROZENSET = 0x45, CHANNEL = 0x42, STOP = 0x51;

    const MAX_DEPTH = 250;
    // CPython converts no more unless it is told to.
    const MAX_DIGITS = 4300;
    const MAX_SIZE = 0x7fffffff;
    // Up to here a loop in JavaScript is quicker than a call of the encoder.
    const SHORT_TEXT = 64;
    // A larger buffer is not kept for the next item.
    const KEPT_SIZE = 2 ** 20;

    const PLAIN_NAME = /^[A-Za-z_$][A-Za-z_$0-9]*$/;
    const encoder = new TextEncoder();
    let spare = new Uint8Array(4096);

    /** Why a value can't be sent, with the path to it; becomes a GLib.Error at the top. */
    class Refusal {
        constructor(code, reason) {
            this.code = code;
            this.reason = reason;
            this.path = '';
        }

        /** Puts a step of the path in front; anything else that was thrown passes as it is. */
        static at(error, step) {
            if (error instanceof Refusal)
                error.path = step + error.path;
            return error;
        }

        /** The whole path, without its middle where it is long. */
        shownPath() {
            const {path} = this;
            return path.length > 160 ? [path.slice(0, 80), path.slice(-80)].join('…') : path;
        }

        static member(key) {
            return PLAIN_NAME.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
        }

        static getter(key) {
            if (typeof key === 'string')
                return `.get(${JSON.stringify(key)})`;
            const isNumber = typeof key === 'number' || typeof key === 'bigint';
            return `.get(${isNumber ? key : typeName(key)})`;
        }
    }

    function typeName(value) {
        if (value === null || typeof value !== 'object')
            return typeof value;
        return value.constructor?.name || 'object';
    }

    class Writer {
        constructor(hooks) {
            this.hooks = hooks;
            this.hashing = 0;
            this.pos = 0;
            this.use(spare);
            spare = new Uint8Array(0);
        }

        use(buffer) {
            this.buffer = buffer;
            this.view = new DataView(buffer.buffer);
        }

        ensure(size) {
            if (size <= this.buffer.length - this.pos)
                return;
            if (size > MAX_SIZE - this.pos) {
                throw new Refusal('TOO_LARGE',
                    _('makes the item larger than 2 GiB: send it in parts'));
            }
            const larger = new Uint8Array(Math.max(this.pos + size,
                Math.min(2 * this.buffer.length, MAX_SIZE), 4096));
            larger.set(this.buffer.subarray(0, this.pos));
            this.use(larger);
        }

        opcode(code) {
            this.ensure(1);
            this.buffer[this.pos++] = code;
        }

        // An opcode and the count, size or number that follows it.
        counted(code, count) {
            this.ensure(5);
            this.buffer[this.pos] = code;
            this.view.setInt32(this.pos + 1, count);
            this.pos += 5;
        }

        put(value, depth) {
            switch (typeof value) {
            case 'number':
                this.number(value);
                break;
            case 'string':
                this.text(value);
                break;
            case 'boolean':
                this.opcode(value ? TRUE : FALSE);
                break;
            case 'undefined':
                this.opcode(NONE);
                break;
            case 'bigint':
                this.bigInteger(value);
                break;
            case 'object':
                if (value === null)
                    this.opcode(NONE);
                else if (Array.isArray(value))
                    this.array(value, depth);
                else
                    this.object(value, depth);
                break;
            default:
                this.refuse(value);
            }
        }

        number(value) {
            if ((value | 0) === value && (value !== 0 || 1 / value > 0))
                this.counted(INT, value);
            else if (Number.isSafeInteger(value) && value !== 0)
                this.digits(String(value));
            else
                this.double(value);
        }

        bigInteger(value) {
            if (BigInt.asIntN(32, value) === value)
                this.counted(INT, Number(value));
            else
                this.digits(value.toString());
        }

        digits(text) {
            if (text.length - (text.startsWith('-') ? 1 : 0) > MAX_DIGITS) {
                throw new Refusal('TOO_LARGE', vprintf(
                    _('has more than %d digits, which Python refuses: send it as a string'),
                    [MAX_DIGITS]));
            }
            this.counted(LONGINT, text.length);
            this.ensure(text.length);
            for (let i = 0; i < text.length; i++)
                this.buffer[this.pos++] = text.charCodeAt(i);
        }

        double(value) {
            this.ensure(9);
            this.buffer[this.pos] = FLOAT;
            this.view.setFloat64(this.pos + 1, value);
            this.pos += 9;
        }

        complex(value) {
            this.ensure(17);
            this.buffer[this.pos] = COMPLEX;
            this.view.setFloat64(this.pos + 1, value.real);
            this.view.setFloat64(this.pos + 9, value.imag);
            this.pos += 17;
        }

        bytes(value) {
            this.counted(BYTES, 0);
            this.ensure(value.length);
            this.view.setInt32(this.pos - 4, value.length);
            this.buffer.set(value, this.pos);
            this.pos += value.length;
        }

        text(value) {
            const {length} = value;
            if (length > SHORT_TEXT) {
                this.longText(value);
                return;
            }
            this.ensure(5 + length);
            const {buffer} = this;
            const start = this.pos + 5;
            for (let i = 0; i < length; i++) {
                const unit = value.charCodeAt(i);
                if (unit > 0x7f) {
                    this.longText(value);
                    return;
                }
                buffer[start + i] = unit;
            }
            this.counted(TEXT, length);
            this.pos += length;
        }

        longText(value) {
            // The encoder would put U+FFFD in the place of a lone surrogate, silently.
            if (/\p{Surrogate}/u.test(value)) {
                throw new Refusal('UNSUPPORTED_TYPE',
                    _('is a string with a lone surrogate, which is no text: send bytes instead'));
            }
            this.ensure(5);
            const start = this.pos + 5;
            if (3 * value.length <= this.buffer.length - start) {
                const {written} = encoder.encodeInto(value, this.buffer.subarray(start));
                this.counted(TEXT, written);
                this.pos += written;
            } else {
                const encoded = encoder.encode(value);
                this.counted(TEXT, 0);
                this.ensure(encoded.length);
                this.view.setInt32(this.pos - 4, encoded.length);
                this.buffer.set(encoded, this.pos);
                this.pos += encoded.length;
            }
        }

        enter(depth) {
            if (depth >= MAX_DEPTH) {
                throw new Refusal('TOO_DEEP', vprintf(
                    _('is nested more than %d levels deep, or contains itself: send it in parts'),
                    [MAX_DEPTH]));
            }
            return depth + 1;
        }

        // Python's dict keys and set members can't be of a type that can change.
        refuseMutable(value, advice) {
            throw new Refusal('UNSUPPORTED_TYPE', vprintf(
                _('is of the type “%s”, which Python takes neither as key nor in a set: use %s'),
                [typeName(value), advice]));
        }

        array(value, depth) {
            depth = this.enter(depth);
            if (value instanceof Tuple) {
                this.members(value, depth, BUILDTUPLE, '');
                return;
            }
            if (this.hashing > 0)
                this.refuseMutable(value, 'Execnet.Tuple');
            this.list(value, depth);
        }

        list(value, depth) {
            const {length} = value;
            this.counted(NEWLIST, length);
            let i = 0;
            try {
                for (; i < length; i++) {
                    this.counted(INT, i);
                    this.put(value[i], depth);
                    this.opcode(SETITEM);
                }
            } catch (error) {
                throw Refusal.at(error, `[${i}]`);
            }
        }

        // Tuples and sets: the members, then how many there were.
        members(value, depth, code, path) {
            let count = 0;
            try {
                for (const member of value) {
                    this.put(member, depth);
                    count++;
                }
            } catch (error) {
                throw Refusal.at(error, `${path}[${count}]`);
            }
            this.counted(code, count);
        }

        object(value, depth) {
            const prototype = Object.getPrototypeOf(value);
            if (prototype === null || prototype === Object.prototype)
                this.dict(value, this.enter(depth));
            else if (value instanceof Map)
                this.map(value, this.enter(depth));
            else if (value instanceof Set)
                this.set(value, this.enter(depth));
            else if (value instanceof Float)
                this.double(value.value);
            else if (value instanceof Complex)
                this.complex(value);
            else if (value instanceof ArrayBuffer)
                this.bytes(new Uint8Array(value));
            else if (ArrayBuffer.isView(value) && !(value instanceof DataView))
                this.typedArray(value, depth);
            else
                this.foreign(value);
        }

        dict(value, depth) {
            if (this.hashing > 0)
                this.refuseMutable(value, 'Execnet.Tuple');
            this.opcode(NEWDICT);
            let key;
            try {
                for (key of Object.keys(value)) {
                    this.text(key);
                    this.put(value[key], depth);
                    this.opcode(SETITEM);
                }
            } catch (error) {
                throw Refusal.at(error, Refusal.member(key));
            }
        }

        map(value, depth) {
            if (this.hashing > 0)
                this.refuseMutable(value, 'Execnet.Tuple');
            this.opcode(NEWDICT);
            let key, index = 0, inKey = false;
            try {
                for (const entry of value) {
                    key = entry[0];
                    inKey = true;
                    this.hashing++;
                    this.put(key, depth);
                    this.hashing--;
                    inKey = false;
                    this.put(entry[1], depth);
                    this.opcode(SETITEM);
                    index++;
                }
            } catch (error) {
                throw Refusal.at(error, inKey ? `.keys()[${index}]` : Refusal.getter(key));
            }
        }

        set(value, depth) {
            if (value instanceof FrozenSet) {
                this.hashing++;
                this.members(value, depth, FROZENSET, '.values()');
            } else {
                if (this.hashing > 0)
                    this.refuseMutable(value, 'Execnet.FrozenSet');
                this.hashing++;
                this.members(value, depth, SET, '.values()');
            }
            this.hashing--;
        }

        typedArray(value, depth) {
            if (value instanceof Uint8Array || value instanceof Uint8ClampedArray) {
                this.bytes(value);
                return;
            }
            this.enter(depth);
            if (this.hashing > 0)
                this.refuseMutable(value, 'Execnet.Tuple');
            if (value instanceof Float64Array || value instanceof Float32Array)
                this.floats(value);
            else
                this.list(value, depth + 1);
        }

        floats(value) {
            this.counted(NEWLIST, value.length);
            for (let i = 0; i < value.length; i++) {
                this.counted(INT, i);
                this.double(value[i]);
                this.opcode(SETITEM);
            }
        }

        // Values of other parts of the platform.
        foreign(value) {
            if (value instanceof Bytes) {
                this.bytes(value.toArray());
            } else if (value instanceof Variant) {
                const dump = this.hooks.dumpVariant(value);
                // Without the version and the stop opcode it is the form of a member.
                this.ensure(dump.length);
                this.buffer.set(dump.subarray(1, -1), this.pos);
                this.pos += dump.length - 2;
            } else {
                const id = this.hooks.channelId?.(value) ?? null;
                if (id === null)
                    this.refuse(value);
                this.counted(CHANNEL, id);
            }
        }

        refuse(value) {
            const {Execnet} = imports.gi;
            let reason =
                _('is of the type “%s”, which no item can hold: send plain values in its place');
            if (value instanceof Promise)
                reason = _('is a %s: await it first');
            else if (value instanceof Execnet.Channel)
                reason = _('is a %s, which only travels over channels of its own gateway');
            throw new Refusal('UNSUPPORTED_TYPE', vprintf(reason, [typeName(value)]));
        }
    }

    write = function (value, root, hooks, version = 0) {
        const writer = new Writer(hooks);
        try {
            if (version > 0)
                writer.opcode(version);
            writer.put(value, 0);
            writer.opcode(STOP);
            return writer.buffer.subarray(0, writer.pos);
        } catch (error) {
            if (!(error instanceof Refusal))
                throw error;
            // Translators: as in “item[3].size is a function, …”
            return fail(error.code, vprintf(_('%s %s.'),
                [root + error.shownPath(), error.reason]));
        } finally {
            // A getter may have written an item of its own meanwhile: then one buffer is dropped.
            if (writer.buffer.length <= KEPT_SIZE)
                spare = writer.buffer;
        }
    };
}
