// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Gateways to a real interpreter: making them, running code, calling functions, ending.

import Execnet from 'gi://Execnet';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

import {equal, match, ok, run, test, thrown, throwsCode} from './tap.js';

const group = new Execnet.Group();
const gateway = await group.makeGateway('popen');

test('the main job', async () => {
    const channel = gateway.remoteExec('channel.send(channel.receive() + 1)');
    channel.send(41);
    equal(await channel.receive(), 42);
    await channel.waitClose();
});

test('every method has its name in the style of C too', async () => {
    const channel = gateway.remote_exec('channel.send(1)');
    equal(await channel.receive(), 1);
    await channel.wait_close();
    equal(await gateway.call('def f(): return 2', 'f'), 2);
    equal((await gateway.remote_status()).execmodel, 'thread');
    ok(Execnet.make_gateway === Execnet.makeGateway, 'both make_gateway are one');
});

test('the blocking forms give the same values', async () => {
    const blocking = group.make_gateway_sync('popen');
    const channel = blocking.remoteExec('channel.send({"got": channel.receive()}); 1 / 0');
    channel.send_sync([1.5, new Execnet.Tuple('x')]);
    equal(channel.receive_sync().got, [1.5, new Execnet.Tuple('x')]);
    const error = await thrown(() => channel.wait_close_sync());
    equal(error.type, 'ZeroDivisionError');
    equal(blocking.call_sync('def f(a): return a * 2', 'f', {a: 'ab'}), 'abab');
    equal(blocking.remote_status_sync().numexecuting, 0);
    equal(blocking.remote_information_sync().version_info[0] >= 2, true);
    blocking.exit();
    blocking.join_sync();
});

test('a function is called with native arguments and gives a native value', async () => {
    const source = `
def describe(count, name="x", **rest):
    return [(name, count), rest]
`;
    equal(await gateway.call(source, 'describe', {count: 3, extra: new Set([1])}),
        [new Execnet.Tuple('x', 3), Object.assign(Object.create(null), {extra: new Set([1])})]);
    equal(await gateway.call(Execnet.Source.new_function('def none(): pass', 'none')), null);
});

test('what a function raises is a RemoteError', async () => {
    const error = await thrown(() => gateway.call(
        'def fail(text):\n    raise ValueError(text)', 'fail', {text: 'seven is wrong'}));
    ok(error instanceof Execnet.RemoteError, 'it is a RemoteError');
    ok(error instanceof Error, 'it is an Error');
    equal(error.type, 'ValueError');
    equal(error.message, 'seven is wrong');
    match(error.traceback, /Traceback[^]*line 2, in fail[^]*ValueError: seven is wrong/);
    match(error.stack, /test-gateway\.js[^]*Remote traceback[^]*ValueError: seven is wrong/);
    equal(String(error), 'RemoteError: ValueError: seven is wrong');
});

test('a call can be cancelled, and the gateway goes on', async () => {
    const other = await group.makeGateway('popen');
    const cancellable = new Gio.Cancellable();
    const call = other.call('def wait():\n    import threading; threading.Event().wait(60)',
        'wait', null, cancellable);
    cancellable.cancel();
    await throwsCode(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED, () => call);
    equal(await other.call('def f(): return 1', 'f'), 1);
    other.kill();
    await other.join();
});

test('a source can come from a file, and name a function', async () => {
    const [file, stream] = Gio.File.new_tmp('execnet-XXXXXX.py');
    stream.output_stream.write_all('channel.send(__name__)\n1 / 0\n', null);
    stream.close(null);
    const name = file.get_basename();
    try {
        const channel = gateway.remoteExec(Execnet.Source.new_from_file(file, null));
        equal(await channel.receive(), '__channelexec__');
        const error = await thrown(() => channel.receive());
        match(error.traceback, new RegExp(`${name}", line 2`));
    } finally {
        file.delete(null);
    }

    const text = 'def f(channel, a):\n    channel.send(a)\n    1 / 0\n';
    const channel = gateway.remoteExec(Execnet.Source.new_full(text, 'here.py', 11, 'f'), {a: [1]});
    equal(await channel.receive(), [1]);
    const error = await thrown(() => channel.receive());
    match(error.traceback, /here\.py", line 13, in f/);
});

test('arguments that can’t be sent are named', async () => {
    const source = Execnet.Source.new_function('def f(channel, a): pass', 'f');
    const {message} = await throwsCode(Execnet.Error, Execnet.Error.UNSUPPORTED_TYPE,
        () => gateway.remoteExec(source, {a: [() => 1]}));
    match(message, /^arguments\.a\[0\]/);
    await throwsCode(Execnet.Error, Execnet.Error.UNSUPPORTED_TYPE,
        () => gateway.call('def f(a): pass', 'f', {a: Symbol('s')}));
    await throwsCode(Execnet.Error, Execnet.Error.UNSUPPORTED_TYPE,
        () => gateway.call('def f(a): pass', 'f', [1]));
});

test('status and information are native', async () => {
    const channel = gateway.remoteExec('channel.send(1); channel.receive()');
    await channel.receive();
    const status = await gateway.remoteStatus();
    equal(status.numexecuting, 1);
    equal(status.execmodel, 'thread');
    equal('numchannels' in status && 'numqueued' in status, true);
    channel.send(null);
    await channel.waitClose();

    const information = await gateway.remoteInformation();
    ok(information.version_info instanceof Execnet.Tuple, 'version_info is a tuple');
    match(information.executable, /python/);
    equal(information.cwd, GLib.get_current_dir());
    await gateway.call('def f():\n    import os; os.chdir("/")', 'f');
    equal((await gateway.remoteInformation(true)).cwd, '/');
});

test('a group iterates over its gateways and finds them by name', async () => {
    const named = await group.makeGateway('popen//id=named');
    equal([...group].map(member => member.id).includes('named'), true);
    ok(group.lookup('named') === named, 'lookup gives the same object');
    named.exit();
    await named.join();
    equal([...group].map(member => member.id).includes('named'), false);
});

test('a gateway is made from an XSpec', async () => {
    const spec = Execnet.XSpec.new('popen//env:GREETING=hello');
    const made = await group.makeGateway(spec);
    equal(await made.call('def f():\n    import os; return os.environ["GREETING"]', 'f'), 'hello');
    made.exit();
    await made.join();
});

test('the default group makes gateways too', async () => {
    const made = await Execnet.makeGateway();
    equal(await made.call('def f(): return 1', 'f'), 1);
    ok([...Execnet.Group.get_default()].includes(made), 'it is in the default group');
    const other = Execnet.make_gateway_sync('popen');
    equal(other.call_sync('def f(): return 1', 'f'), 1);
    await Execnet.Group.get_default().terminate();
    equal(made.state, Execnet.GatewayState.CLOSED);
    equal([...Execnet.Group.get_default()], []);
});

const BAD_SPECS = [
    ['popen//chdir=/no/such/folder/anywhere', null, /\/no\/such\/folder/],
    ['popen//python=/no/such/python', 'NO_INTERPRETER', /\/no\/such\/python/],
    ['popen//python=/bin/false', 'DIED', /exit status 1/],
    ['popen//python=echo', 'UNEXPECTED_OUTPUT', /echo|import sys/],
    ['popen//popen', 'INVALID_SPEC', /popen/],
    ['popen//_secret=1', 'INVALID_SPEC', /_secret/],
    ['popen//nice=low', 'INVALID_SPEC', /nice.*low|low.*nice/],
    ['carrier-pigeon=7', 'INVALID_SPEC', /carrier-pigeon/],
];

test('gateways that can’t come up say why', async () => {
    for (const [spec, code, pattern] of BAD_SPECS) {
        const error = await thrown(() => group.makeGateway(spec));
        ok(error instanceof Execnet.Error, `${spec}: ${error} is of the library`);
        match(error.message, pattern);
        if (code !== null)
            equal(error.code, Execnet.Error[code], `${spec}: ${error.message}: the code`);
        const blocking = await thrown(() => group.make_gateway_sync(spec));
        equal(blocking.code, error.code);
    }
    await throwsCode(Execnet.Error, Execnet.Error.DUPLICATE_ID,
        () => group.makeGateway(`popen//id=${gateway.id}`));
    equal([...group].length, 1, 'the number of gateways');
});

test('making a gateway can be cancelled', async () => {
    const cancellable = new Gio.Cancellable();
    const making = group.makeGateway('popen', cancellable);
    cancellable.cancel();
    await throwsCode(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED, () => making);
    // What was started already ends by itself.
    await Promise.all([...group].filter(member => member !== gateway).map(member => member.join()));
    equal([...group].length, 1, 'the number of gateways');
});

test('a dead gateway fails at once what waits on it, with its last words', async () => {
    const dying = await group.makeGateway('popen');
    const waiting = dying.newChannel();
    const closed = new Promise(resolve => {
        dying.connect('closed', (_gateway, error) => resolve(error));
    });
    const received = thrown(() => waiting.receive());
    dying.remoteExec('import os, sys; sys.stderr.write("last words\\n"); os._exit(7)');
    const error = await received;
    equal(error.matches(Execnet.Error, Execnet.Error.DIED), true, `${error} is DIED`);
    match(error.message, /7/);
    match(error.message, /last words/);
    equal((await closed).message, error.message);
    equal(dying.exit_status, 7);
    await throwsCode(Execnet.Error, Execnet.Error.DIED, () => waiting.send(1));
    await throwsCode(Execnet.Error, Execnet.Error.DIED, () => dying.call('def f(): pass', 'f'));
    await thrown(() => dying.remoteExec('pass'));
    dying.exit();
    await dying.join();
});

test('code that asks for the main thread waits for it', async () => {
    const single = await group.makeGateway('popen//execmodel=main_thread_only');
    const busy = single.remoteExec('channel.send(1); channel.receive()');
    await busy.receive();
    const source = Execnet.Source.new('channel.send(2)').in_main_thread();
    const waiting = single.remoteExec(source);
    const refused = single.remoteExec('channel.send(3)');
    match((await thrown(() => refused.receive())).message, /would cause deadlock/);
    busy.send(1);
    equal(await waiting.receive(), 2);
    single.exit();
    await single.join();
});

test('what is printed comes as lines', async () => {
    const printing = await group.makeGateway('popen//capture_output');
    const lines = [];
    const closed = new Promise(resolve => printing.connect('closed', () => resolve()));
    printing.connect('output', (_gateway, line, isStderr) => lines.push([line, isStderr]));
    const channel = printing.remoteExec(
        'import os; print("größer"); os.system("echo by a child; echo wrong >&2")');
    await channel.waitClose();
    printing.exit();
    await closed;
    equal(lines.filter(([, isStderr]) => !isStderr).map(([line]) => line),
        ['größer', 'by a child']);
    equal(lines.filter(([, isStderr]) => isStderr), [['wrong', true]]);
    equal(printing.get_n_lost_lines(), 0);
});

test('objects that nobody made are not connected, and don’t crash', async () => {
    const {NOT_CONNECTED} = Execnet.Error;
    const lonelyGateway = new Execnet.Gateway();
    const lonelyChannel = new Execnet.Channel();
    await throwsCode(Execnet.Error, NOT_CONNECTED, () => lonelyGateway.remoteExec('pass'));
    await throwsCode(Execnet.Error, NOT_CONNECTED, () => lonelyGateway.call('def f(): pass', 'f'));
    await throwsCode(Execnet.Error, NOT_CONNECTED, () => lonelyGateway.remoteStatus());
    await throwsCode(Execnet.Error, NOT_CONNECTED, () => lonelyChannel.send(1));
    await throwsCode(Execnet.Error, NOT_CONNECTED, () => lonelyChannel.receive());
    await throwsCode(Execnet.Error, NOT_CONNECTED, () => lonelyChannel.waitClose());
    await throwsCode(Execnet.Error, NOT_CONNECTED, () => lonelyChannel.setCallback(() => {}));
});

test('join waits, with a time-out', async () => {
    const other = await group.makeGateway('popen');
    await throwsCode(Execnet.Error, Execnet.Error.TIMED_OUT, () => other.join(20));
    other.exit();
    await other.join();
    equal(other.state, Execnet.GatewayState.CLOSED);
});

test('terminate ends everything, also what computes', async () => {
    gateway.remoteExec('while True: pass');
    await group.terminate(1000);
    equal([...group], []);
    equal(gateway.state, Execnet.GatewayState.CLOSED);
    await thrown(() => gateway.remoteExec('pass'));
});

await run();
