// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Between the codec and the library's objects.

/* exported dumps, fromVariant, init, itemFrom, itemTo, loads */

const {Bytes} = imports.gi.GLib;
const {spend} = imports.overrides.execnet.collector;
const {_, fail, matches, vprintf} = imports.overrides.execnet.errors;
const {read} = imports.overrides.execnet.reader;
const {write} = imports.overrides.execnet.writer;

let Execnet, library;

function init(namespace) {
    Execnet = namespace;
    library = {dumps: Execnet.dumps};
}

function dumpVariant(variant) {
    return library.dumps(variant, Execnet.DumpFlags.DEFAULT).toArray();
}

/**
 * Writes a value into the stand-alone form, which can be kept in files: execnet reads it too.
 *
 * @param {*} value - the value; channels can't be dumped
 * @param {Execnet.DumpFlags} [flags] - VERSION_1 writes what execnet 1 reads
 * @returns {Uint8Array} the dump
 * @throws {GLib.Error} UNSUPPORTED_TYPE, TOO_DEEP or TOO_LARGE, with the path to what is wrong
 */
function dumps(value, flags = Execnet.DumpFlags.DEFAULT) {
    const version = flags & Execnet.DumpFlags.VERSION_1 ? 1 : 2;
    return write(value, 'value', {dumpVariant}, version).slice();
}

/**
 * Reads what `dumps` or an execnet of any version wrote.
 *
 * @param {Uint8Array|GLib.Bytes} dump - the dump
 * @param {Execnet.LoadFlags} [flags] - what the strings of the two Pythons become
 * @returns {*} the value
 * @throws {GLib.Error} DATA_FORMAT, naming the offset and what is wrong there
 */
function loads(dump, flags = Execnet.LoadFlags.DEFAULT) {
    const bytes = dump instanceof Bytes ? dump.toArray() : dump;
    if (bytes[0] !== 1 && bytes[0] !== 2) {
        fail('DATA_FORMAT', bytes.length > 0
            ? vprintf(_('The dump has the version %d, and only 1 and 2 are known.'), [bytes[0]])
            : _('The dump is empty.'));
    }
    return read(bytes, {textFlags: flags, position: 1});
}

/**
 * @param {GLib.Variant} variant - a value of the library
 * @returns {*} the same as a value of JavaScript
 */
function fromVariant(variant) {
    return loads(dumpVariant(variant));
}

/**
 * Writes an item.
 *
 * @param {Execnet.Gateway} gateway - over which it is sent
 * @param {*} value - the item
 * @param {string} [root] - what to call it in an error
 * @returns {Uint8Array} the wire form, valid until the next item
 * @throws {GLib.Error} UNSUPPORTED_TYPE, TOO_DEEP or TOO_LARGE, with the path to what is wrong
 */
function itemTo(gateway, value, root = 'item') {
    const bytes = write(value, root, {
        dumpVariant,
        channelId: channel =>
            channel instanceof Execnet.Channel && channel.get_gateway() === gateway
                ? channel.get_id() : null,
    });
    spend(bytes.length);
    return bytes;
}

/**
 * Reads an item. One that is malformed closes its channel.
 *
 * @param {Execnet.Channel} channel - where it arrived
 * @param {GLib.Bytes} bytes - the wire form
 * @returns {*} the item
 * @throws {GLib.Error} DATA_FORMAT, naming the offset and what is wrong there
 */
function itemFrom(channel, bytes) {
    try {
        const array = bytes.toArray();
        spend(array.length);
        return read(array, {
            textFlags: channel.get_load_flags(),
            claimChannel: id => channel.get_gateway().get_channel(id),
        });
    } catch (error) {
        if (matches(error, 'DATA_FORMAT'))
            channel.close(error.message);
        throw error;
    }
}
