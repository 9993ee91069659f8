// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// What a gateway costs a program in JavaScript.
//
//   gjs -m program.js SUBJECT SPEC SOURCE     the source is what runs on the other side

import Execnet from 'gi://Execnet';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

const [subject, spec, source] = System.programArgs;

let gateway;
let channel;

async function open() {
    gateway = await Execnet.makeGateway(spec);
    channel = gateway.remoteExec(source);
}

async function close() {
    channel.close();
    gateway.exit();
    await gateway.join();
}

function seconds(begun) {
    return (GLib.get_monotonic_time() - begun) / 1e6;
}

const subjects = {
    async start(count) {
        let sum = 0;
        let total = 0;
        for (let i = 0; i < count; i++) {
            const begun = GLib.get_monotonic_time();
            await open();
            total += await channel.receive();
            sum += seconds(begun);
            await close();
        }
        return [sum, total];
    },

    async echo(count) {
        const begun = GLib.get_monotonic_time();
        let total = 0;
        for (let i = 0; i < count; i++) {
            channel.send(i);
            total += await channel.receive();
        }
        return [seconds(begun), total];
    },

    async sending(count) {
        const begun = GLib.get_monotonic_time();
        channel.send(count);
        for (let i = 0; i < count; i++)
            await channel.send(i);
        const total = await channel.receive();
        return [seconds(begun), total];
    },

    async receiving(count) {
        const begun = GLib.get_monotonic_time();
        let total = 0;
        channel.send(count);
        for (let i = 0; i < count; i++)
            total += await channel.receive();
        return [seconds(begun), total];
    },
};

const input = new Gio.DataInputStream({
    base_stream: new Gio.UnixInputStream({fd: 0}),
});
if (subject !== 'start')
    await open();
for (;;) {
    const [line] = input.read_line_utf8(null);
    if (line === null)
        break;
    // GJS 1.74 loses a callback that comes between two steps of its garbage collector, and the
    // promise with it, so everything is collected beforehand.
    System.gc();
    const [duration, total] = await subjects[subject](Number(line));
    print(`${duration.toFixed(9)} ${total}`);
}
if (subject !== 'start')
    await close();
