// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The wire form of items to JavaScript values: execnet's stack machine (docs/protocol.md). Nothing
// in the bytes is trusted, and nothing recurses.

/* exported read */

/**
 * Reads one value.
 *
 * @param {Uint8Array} bytes - the wire form
 * @param {object} options - what else matters
 * @param {number} options.textFlags - Execnet.LoadFlags: what strings become
 * @param {function(number): Execnet.Channel} [options.claimChannel] - gives the channel of a
 *   number; without it a channel is an error
 * @param {number} [options.position] - where the value begins, behind a version byte
 * @returns {*} the value
 * @throws {GLib.Error} DATA_FORMAT, naming the offset and what is wrong there
 */
var read;

// In modules of this kind the names of the top level and of the platform are looked up anew at each
// use, which made this ten times as slow; those of a block are not.
{
    const {Array, BigInt, DataView, Map, Math, Number, Object, Set, String,
        Uint8Array} = globalThis;
    const ByteArray = imports.byteArray;
    const {_, fail, vprintf} = imports.overrides.execnet.errors;
    const {Complex, FrozenSet, Tuple} = imports.overrides.execnet.values;

    const MAX_DEPTH = 250;
    const MAX_DIGITS = 4300;
    // The bytes that each element of a list takes at least: its index, a value, SETITEM. Writers
    // leave no element out; a list that does may have some more.
    const ELEMENT_SIZE = 7;
    const SPARE_ELEMENTS = 4096;
    // Up to here a loop in JavaScript is quicker than a call of the decoder.
    const SHORT_TEXT = 32;

    // What the reader knows of each value on its stack: these bits, and how deep it is nested.
    const UNHASHABLE = 1, INTEGER = 2, LIST = 4, DICT = 8, TEXT = 16;
    const DEPTH = 32;

    // Short texts repeat, as the keys of records do: comparing is quicker than making them.
    const known = new Array(256).fill('');

    /** A dict on the stack. Which type it gets is known when all its keys are. */
    class Entries {
        constructor() {
            this.keys = [];
            this.values = [];
            this.texts = true;
        }

        // An object without a prototype has the keys that were sent, and no others.
        finish() {
            const {keys, values} = this;
            if (!this.texts)
                return new Map(keys.map((key, i) => [key, values[i]]));
            const object = Object.create(null);
            for (let i = 0; i < keys.length; i++)
                object[keys[i]] = values[i];
            return object;
        }
    }

    class Reader {
        constructor(bytes, position, textFlags, claimChannel) {
            this.bytes = bytes;
            this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
            this.pos = position;
            this.start = position;
            this.textFlags = textFlags;
            this.claimChannel = claimChannel;
            this.elementsLeft = bytes.length / ELEMENT_SIZE + SPARE_ELEMENTS;
            this.stack = [];
            this.infos = [];
            this.count = 0;
        }

        fail(reason) {
            fail('DATA_FORMAT', vprintf(
                // Translators: the second part is one of the reasons “… .”
                _('The bytes are no item: at offset %d, %s.'), [this.start, reason]));
        }

        // Moves behind `size` bytes and tells where they begin.
        take(size) {
            const begin = this.pos;
            if (size > this.bytes.length - begin)
                this.fail(_('more bytes are announced than there are'));
            this.pos = begin + size;
            return begin;
        }

        // A count or size, which is never negative.
        size() {
            const size = this.view.getInt32(this.take(4));
            if (size < 0)
                this.fail(_('a size is negative'));
            return size;
        }

        push(value, info) {
            this.stack[this.count] = value;
            this.infos[this.count++] = info;
        }

        run() {
            const {bytes} = this;
            for (;;) {
                this.start = this.pos;
                if (this.pos >= bytes.length)
                    this.fail(_('the end comes before the stop opcode'));
                switch (bytes[this.pos++]) {
                case 0x46: // INT
                case 0x47: // LONG
                    this.push(this.view.getInt32(this.take(4)), INTEGER);
                    break;
                case 0x50: // SETITEM
                    this.setItem();
                    break;
                case 0x4e: // PY3STRING
                    this.text(this.textFlags & 2);
                    break;
                case 0x44: // FLOAT
                    this.push(this.view.getFloat64(this.take(8)), 0);
                    break;
                case 0x4a: // NEWDICT
                    this.push(new Entries(), DEPTH | DICT | UNHASHABLE);
                    break;
                case 0x4b: // NEWLIST
                    this.list();
                    break;
                case 0x40: // BUILDTUPLE
                    this.tuple();
                    break;
                case 0x4c: // NONE
                    this.push(null, 0);
                    break;
                case 0x52: // TRUE
                    this.push(true, INTEGER);
                    break;
                case 0x43: // FALSE
                    this.push(false, INTEGER);
                    break;
                case 0x51: // STOP
                    return this.result();
                default:
                    this.rare(bytes[this.start]);
                }
            }
        }

        rare(opcode) {
            switch (opcode) {
            case 0x41: // BYTES
                this.byteString();
                break;
            case 0x48: // LONGINT
            case 0x49: // LONGLONG
                this.digits();
                break;
            case 0x4d: // PY2STRING
                this.python2String();
                break;
            case 0x53: // UNICODE
                this.text(false);
                break;
            case 0x54: // COMPLEX
                this.push(new Complex(this.view.getFloat64(this.take(8)),
                    this.view.getFloat64(this.take(8))), 0);
                break;
            case 0x4f: // SET
                this.set(Set, UNHASHABLE);
                break;
            case 0x45: // FROZENSET
                this.set(FrozenSet, 0);
                break;
            case 0x42: // CHANNEL
                this.channel();
                break;
            default:
                this.fail(vprintf(_('there is the unknown opcode 0x%x'), [opcode]));
            }
        }

        result() {
            if (this.count !== 1)
                this.fail(vprintf(_('there is the stop opcode with %d values'), [this.count]));
            return this.finished(0);
        }

        // The value in a place of the stack, as the program gets it.
        finished(place) {
            const value = this.stack[place];
            return this.infos[place] & DICT ? value.finish() : value;
        }

        list() {
            const size = this.size();
            if (size > this.elementsLeft)
                this.fail(_('a list is announced that is longer than the bytes'));
            this.elementsLeft -= size;
            this.push(new Array(size).fill(null), DEPTH | LIST | UNHASHABLE);
        }

        setItem() {
            if (this.count < 3)
                this.fail(_('there are too few values to set an element'));
            const {stack, infos} = this;
            const place = this.count - 3;
            const info = infos[place];
            if (info & LIST)
                this.setElement(stack[place], stack[place + 1], infos[place + 1], place + 2);
            else if (info & DICT)
                this.setEntry(stack[place], stack[place + 1], infos[place + 1], place + 2);
            else
                this.fail(_('an element is set in what is neither a list nor a dict'));
            const inner = infos[place + 1] | infos[place + 2];
            if (inner >= DEPTH)
                infos[place] = this.deeper(info, infos[place + 1], infos[place + 2]);
            this.count -= 2;
        }

        // `info` of a container, now around things with `one` and `other`.
        deeper(info, one, other) {
            const depth = (Math.max(one, other) & -DEPTH) + DEPTH;
            if (depth > MAX_DEPTH * DEPTH)
                this.fail(vprintf(_('it is nested more than %d levels deep'), [MAX_DEPTH]));
            return depth > (info & -DEPTH) ? depth | info & DEPTH - 1 : info;
        }

        setElement(list, index, info, place) {
            if (!(info & INTEGER))
                this.fail(_('a list’s index is no integer'));
            let i = Number(index);
            if (i < 0)
                i += list.length;
            if (i < 0 || i >= list.length)
                this.fail(_('a list’s index is behind its end'));
            list[i] = this.finished(place);
        }

        setEntry(entries, key, info, place) {
            if (info & UNHASHABLE)
                this.fail(_('a dict’s key is a value that can change'));
            if (!(info & TEXT))
                entries.texts = false;
            entries.keys.push(key);
            entries.values.push(this.finished(place));
        }

        // What the members of a tuple or set are together; they begin at the returned place.
        members() {
            const size = this.size();
            if (size > this.count)
                this.fail(_('a tuple or set is announced that has more members than there are'));
            const first = this.count - size;
            let inner = 0, unhashable = 0;
            for (let place = first; place < this.count; place++) {
                const info = this.infos[place];
                inner = Math.max(inner, info);
                unhashable |= info & UNHASHABLE;
            }
            return [first, this.deeper(DEPTH, inner, 0) | unhashable];
        }

        tuple() {
            const [first, info] = this.members();
            const tuple = new Tuple();
            for (let place = first; place < this.count; place++)
                tuple.push(this.finished(place));
            this.count = first;
            this.push(tuple, info);
        }

        set(Type, flags) {
            const [first, info] = this.members();
            if (info & UNHASHABLE)
                this.fail(_('a member of a set is a value that can change'));
            const set = new Type(this.stack.slice(first, this.count));
            this.count = first;
            this.push(set, info | flags);
        }

        byteString() {
            const size = this.size();
            const begin = this.take(size);
            this.push(this.bytes.slice(begin, begin + size), 0);
        }

        text(asBytes) {
            if (asBytes) {
                this.byteString();
                return;
            }
            const size = this.size();
            const begin = this.take(size);
            this.push(size <= SHORT_TEXT
                ? this.shortText(begin, size) : this.longText(begin, size), TEXT);
        }

        shortText(begin, size) {
            const {bytes} = this;
            const slot = (bytes[begin] * 7 + bytes[begin + size - 1] * 31 + size) & 0xff;
            const candidate = known[slot];
            if (candidate.length === size) {
                let i = 0;
                while (i < size && candidate.charCodeAt(i) === bytes[begin + i])
                    i++;
                if (i === size)
                    return candidate;
            }
            let text = '';
            for (let i = begin; i < begin + size; i++) {
                if (bytes[i] > 0x7f)
                    return this.longText(begin, size);
                text += String.fromCharCode(bytes[i]);
            }
            known[slot] = text;
            return text;
        }

        longText(begin, size) {
            const part = this.bytes.subarray(begin, begin + size);
            try {
                // Ten times as fast as a TextDecoder, but it ends at the first NUL.
                const text = ByteArray.toString(part);
                if (text.length === size || !part.includes(0))
                    return text;
                // A TextDecoder of GJS may drop a byte order mark, whatever it is told: so that none
                // comes first, something else does.
                const guarded = new Uint8Array(size + 1);
                guarded.set(part, 1);
                return new TextDecoder('utf-8', {fatal: true}).decode(guarded).slice(1);
            } catch {
                return this.fail(_('a text is not valid UTF-8'));
            }
        }

        python2String() {
            if (!(this.textFlags & 1)) {
                this.byteString();
                return;
            }
            const size = this.size();
            const begin = this.take(size);
            let text = '';
            for (let i = begin; i < begin + size; i += 8192) {
                text += String.fromCharCode(
                    ...this.bytes.subarray(i, Math.min(i + 8192, begin + size)));
            }
            this.push(text, TEXT);
        }

        digits() {
            const size = this.size();
            const begin = this.take(size);
            if (size > MAX_DIGITS + (this.bytes[begin] < 0x30 ? 1 : 0)) {
                this.fail(vprintf(_('there is an int of more than %d digits, which Python refuses'),
                    [MAX_DIGITS]));
            }
            let text = '';
            for (let i = begin; i < begin + size; i++)
                text += String.fromCharCode(this.bytes[i]);
            if (!/^[+-]?[0-9]+$/.test(text))
                this.fail(_('an int is not written in decimal digits'));
            // Adding 0 makes a minus zero, which would be a float, a zero.
            const number = Number(text) + 0;
            this.push(Number.isSafeInteger(number) ? number : BigInt(text), INTEGER);
        }

        channel() {
            const id = this.view.getInt32(this.take(4));
            if (!this.claimChannel)
                this.fail(_('there is a channel, which only messages of a gateway can hold'));
            this.push(this.claimChannel(id), 0);
        }
    }

    read = function (bytes, {textFlags, claimChannel = null, position = 0}) {
        return new Reader(bytes, position, textFlags, claimChannel).run();
    };
}
