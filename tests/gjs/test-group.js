// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Groups: many gateways at once, models, and how gateways leave.

import Execnet from 'gi://Execnet';
import Gio from 'gi://Gio';

import {equal, run, test, throwsCode} from './tap.js';

test('many gateways start together, and it tells how far it is', async () => {
    const group = new Execnet.Group();
    const seen = [];
    const gateways = await group.makeGateways(['popen', Execnet.XSpec.new('popen//id=mine'), 'popen'],
        2, (up, total) => seen.push([up, total]));
    equal(gateways.map(gateway => gateway.id), ['gw0', 'mine', 'gw1']);
    equal(seen, [[1, 3], [2, 3], [3, 3]]);
    equal(gateways.map(gateway => gateway.call_sync('def f(): return 1', 'f')), [1, 1, 1]);
    equal(group.get_n_items(), 3);
    equal(group.lookup('mine') === gateways[1], true);
    await group.terminate(5000);
    equal(group.get_n_items(), 0);
});

test('the blocking form does the same', async () => {
    const group = new Execnet.Group();
    const seen = [];
    equal(group.make_gateways_sync(['popen', 'popen'], 0, up => seen.push(up)).length, 2);
    equal(seen, [1, 2]);
    await group.terminate(5000);
});

test('all come up, or none', async () => {
    const group = new Execnet.Group();
    await throwsCode(Execnet.Error, Execnet.Error.NO_INTERPRETER,
        () => group.makeGateways(['popen', 'popen//python=no-such-python']));
    const cancellable = new Gio.Cancellable();
    const making = group.makeGateways(['popen', 'popen'], 1, () => cancellable.cancel(),
        cancellable);
    await throwsCode(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED, () => making);
    equal([...group].length, 0);
});

test('gateways lead to others', async () => {
    const group = new Execnet.Group();
    const gateways = await group.makeGateways(
        ['popen//id=a', 'popen//id=b//via=a', 'popen//id=c//via=b']);
    const pids = await Promise.all(gateways.map(
        gateway => gateway.call('import os\ndef f(): return os.getppid(), os.getpid()', 'f')));
    equal([pids[1][0], pids[2][0]], [pids[0][1], pids[1][1]]);
    await throwsCode(Execnet.Error, Execnet.Error.INVALID_SPEC,
        () => group.makeGateway('popen//via=nobody'));
    gateways[0].exit();
    await gateways[2].join(60000);
    equal(gateways[2].error.matches(Execnet.Error, Execnet.Error.DIED), true);
    await group.terminate(5000);
    equal(group.get_n_items(), 0);
});

test('a gateway runs over a stream of its owner', async () => {
    const group = new Execnet.Group();
    const start = () => {
        const process = Gio.Subprocess.new(['python3', '-u', '-c',
            'import sys;exec(eval(sys.stdin.readline()))'],
        Gio.SubprocessFlags.STDIN_PIPE | Gio.SubprocessFlags.STDOUT_PIPE);
        return Gio.SimpleIOStream.new(
            Gio.BufferedInputStream.new(process.get_stdout_pipe()),
            Gio.BufferedOutputStream.new(process.get_stdin_pipe()));
    };
    const far = await group.makeGatewayForStream(start(), 'id=far');
    equal(far.id, 'far');
    const channel = far.remoteExec('channel.send(channel.receive() * 2)');
    await channel.send('ab');
    equal(await channel.receive(), 'abab');
    const other = group.make_gateway_for_stream_sync(start());
    equal(other.call_sync('def f(): return 1', 'f'), 1);
    await throwsCode(Execnet.Error, Execnet.Error.INVALID_SPEC,
        () => group.makeGatewayForStream(start(), 'popen'));
    await group.terminate(5000);
    equal(group.get_n_items(), 0);
});

test('a group has models', async () => {
    const group = new Execnet.Group();
    group.set_execmodel('thread', 'main_thread_only');
    equal([group.execmodel, group.remote_execmodel], ['thread', 'main_thread_only']);
    const gateway = await group.makeGateway('popen');
    equal((await gateway.remoteStatus()).execmodel, 'main_thread_only');
    await throwsCode(Execnet.Error, Execnet.Error.INVALID_SPEC, () => group.set_execmodel('thread', null));
    await group.terminate(5000);
});

test('a gateway that dies is told of, and leaves', async () => {
    const group = new Execnet.Group();
    const gateway = await group.makeGateway('popen');
    const lost = new Promise(resolve => group.connect('gateway-lost',
        (_group, which, error) => resolve([which, error])));
    gateway.remoteExec('import os; os._exit(3)');
    const [which, error] = await lost;
    equal(which === gateway, true);
    equal(error.matches(Execnet.Error, Execnet.Error.DIED), true);
    equal(group.get_n_items(), 0);
});

await run();
