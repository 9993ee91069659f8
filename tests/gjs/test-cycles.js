// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Many gateways, one after the other: nothing of them is left, and no warning came up (they are
// fatal here). The argument is their number.

import Execnet from 'gi://Execnet';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

import {equal, ok, run, test, thrown} from './tap.js';

const CYCLES = Number(ARGV[0] ?? 100);

function list(folder) {
    const names = [];
    const enumerator = Gio.File.new_for_path(folder).enumerate_children('standard::name',
        Gio.FileQueryInfoFlags.NONE, null);
    for (let info; (info = enumerator.next_file(null)) !== null;)
        names.push(info.get_name());
    enumerator.close(null);
    return names;
}

function read(path) {
    return new TextDecoder().decode(GLib.file_get_contents(path)[1]);
}

// Resident memory in KiB that is really ours, after all garbage is gone.
function memory() {
    for (let i = 0; i < 3; i++)
        System.gc();
    return Number(read('/proc/self/smaps_rollup').match(/^Private_Dirty:\s+(\d+)/m)[1]);
}

function resources() {
    return {
        descriptors: list('/proc/self/fd').length,
        threads: list('/proc/self/task').length,
        children: list('/proc/self/task').map(
            task => read(`/proc/self/task/${task}/children`).trim()).join(' ').trim(),
    };
}

async function cycle(group) {
    const gateway = await group.makeGateway('popen');
    const channel = gateway.remoteExec(
        'channel.send(channel.receive()); channel.send([1, {"a": 2.5}]); 1 / 0');
    await channel.send('x');
    await channel.receive();
    const inner = gateway.newChannel();
    inner.setCallback(() => {}, () => {});
    for await (const item of channel)
        equal(item[1].a, 2.5);
}

// Collects now and then: garbage that lies about for long scatters what is allocated meanwhile, and
// that would hide what is really left behind.
async function cycles(group, count) {
    for (let i = 0; i < count; i++) {
        const error = await thrown(() => cycle(group));
        equal(error.type, 'ZeroDivisionError', String(error));
        await group.terminate(2000);
        if (i % 10 === 9)
            System.gc();
    }
}

test(`${CYCLES} gateways leave nothing behind`, async () => {
    const group = new Execnet.Group();
    // What is made once and stays: pools, caches, compiled code.
    await cycles(group, 100);
    const before = {...resources(), memory: memory()};
    await cycles(group, CYCLES);
    const after = {...resources(), memory: memory()};

    print(`# before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`);
    equal(after.descriptors, before.descriptors, 'the number of descriptors');
    ok(after.threads <= before.threads, 'no thread more');
    equal(after.children, '', 'the child processes');
    ok(after.memory - before.memory <= 1024,
        `${after.memory - before.memory} KiB more is at most 1 MiB`);
});

await run();
