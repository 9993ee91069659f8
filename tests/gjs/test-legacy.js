// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The override in a program of the old kind: no modules, no await at the top level.

imports.gi.versions.Execnet = '1.0';
const {Execnet, GLib} = imports.gi;
const System = imports.system;

async function main() {
    const group = new Execnet.Group();
    const gateway = await group.makeGateway('popen');
    const channel = gateway.remoteExec('for item in channel: channel.send([item])');
    channel.send({a: new Execnet.Tuple(1, 2.5)});
    const [item] = await channel.receive();
    if (!(item.a instanceof Execnet.Tuple) || item.a[1] !== 2.5)
        throw new Error(`${item.a} came back`);
    channel.send_sync(1);
    if (channel.receive_sync()[0] !== 1)
        throw new Error('the blocking forms fail');
    await group.terminate();
}

const loop = new GLib.MainLoop(null, false);
let failed = true;

print('1..1');
main().then(() => {
    failed = false;
    print('ok 1 - the override works in a program of the old kind');
}).catch(error => {
    print(`not ok 1 - the override works in a program of the old kind\n# ${error}\n${error.stack}`);
}).finally(() => loop.quit());
loop.run();
if (failed)
    System.exit(1);
