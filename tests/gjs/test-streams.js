// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Streams of channels against files on the other side, and receive limits.

import Execnet from 'gi://Execnet';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {equal, ok, run, test} from './tap.js';

const group = new Execnet.Group();
const gateway = await group.makeGateway('popen');

/**
 * @param {object} stream - a Gio stream
 * @param {string} name - of one of its asynchronous methods
 * @param {...*} args - its arguments before the cancellable
 * @returns {Promise<*>} what the method's other half returns
 */
function start(stream, name, ...args) {
    return new Promise((resolve, reject) => {
        stream[`${name}_async`](...args, null, (_, result) => {
            try {
                resolve(stream[`${name}_finish`](result));
            } catch (error) {
                reject(error);
            }
        });
    });
}

test('a stream talks to files', async () => {
    const channel = gateway.remoteExec(`
w = channel.makefile()
for line in channel.makefile('r'):
    w.write(line.upper())
`);
    const output = channel.make_output_stream(false);
    const input = Gio.DataInputStream.new(channel.make_input_stream(true));
    equal(channel.receive_limit, 1024 * 1024);
    for (const line of ['one', 'zwei', 'trois']) {
        // eslint-disable-next-line no-await-in-loop
        await start(output, 'write_bytes', new GLib.Bytes(`${line}\n`), 0);
        // eslint-disable-next-line no-await-in-loop
        const [bytes] = await start(input, 'read_line', 0);
        equal(new TextDecoder().decode(bytes), line.toUpperCase());
    }
    input.close(null);
    equal(channel.state, Execnet.ChannelState.CLOSED);
});

test('a stream ends with its channel', () => {
    const channel = gateway.remoteExec('channel.send("text"); channel.send(b"bytes")');
    const memory = Gio.MemoryOutputStream.new_resizable();
    memory.splice(channel.make_input_stream(false), Gio.OutputStreamSpliceFlags.CLOSE_TARGET, null);
    equal(new TextDecoder().decode(memory.steal_as_bytes().get_data()), 'textbytes');
});

test('a sender waits for a slow receiver', async () => {
    const channel = gateway.remoteExec(`
channel.receive_limit = 10000
channel.send(None)
control = channel.receive()
control.receive()
channel.send(sum(len(channel.receive()) for i in range(100)))
`);
    await channel.receive();
    const control = gateway.newChannel();
    await channel.send(control);
    let sent = 0;
    const all = (async () => {
        for (; sent < 100; sent++)
            // eslint-disable-next-line no-await-in-loop
            await channel.send('x'.repeat(1000));
    })();
    const before = await gateway.remoteStatus();
    equal(before.numexecuting, 1);
    ok(sent <= 11, `${sent} items were sent at once`);
    await control.send(null);
    await all;
    equal(sent, 100);
    equal(await channel.receive(), 100000);
    channel.close();
});

await run();
await group.terminate(5000);
