// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Channels to a real interpreter: items, errors, closing, iteration, callbacks, cancellation.

import Execnet from 'gi://Execnet';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

import {equal, match, ok, run, show, test, thrown, throwsCode} from './tap.js';

const {END, TIMED_OUT, HAS_HANDLER, UNSUPPORTED_TYPE} = Execnet.Error;
const {Tuple} = Execnet;
const ECHO = 'for item in channel: channel.send(item)';

const group = new Execnet.Group();
const gateway = await group.makeGateway('popen');

function signal(pid, name) {
    Gio.Subprocess.new(['kill', `-${name}`, String(pid)], Gio.SubprocessFlags.NONE)
        .wait_check(null);
}

// Lets the main loop turn, with everything that is ready.
async function turns(count) {
    for (let i = 0; i < count; i++) {
        await new Promise(resolve => {
            GLib.idle_add(GLib.PRIORITY_LOW, () => {
                resolve();
                return GLib.SOURCE_REMOVE;
            });
        });
    }
}

const VALUES = [
    null, true, 0, -5, 2147483648, Number.MAX_SAFE_INTEGER, 2n ** 53n, -(2n ** 100n), 1.5, -0, NaN,
    '', 'a\0b', '😀', new Uint8Array([0, 255]), [1, [2]], new Tuple(1, new Tuple()),
    Object.assign(Object.create(null), {a: 1, b: [null]}), new Map([[1, 'a'], [null, new Set([2])]]),
    new Execnet.FrozenSet(['x']), new Execnet.Complex(1, -2),
];

test('every value comes back from Python as it was', async () => {
    const channel = gateway.remoteExec(ECHO);
    for (const value of VALUES) {
        channel.send(value);
        equal(await channel.receive(), value);
    }
    channel.close();
});

test('Python sees what was meant', async () => {
    const channel = gateway.remoteExec('for item in channel: channel.send(repr(item))');
    const meant = [
        [1, '1'], [new Execnet.Float(1), '1.0'], [1n, '1'], [2 ** 60, '1.152921504606847e+18'],
        [undefined, 'None'], [new Float64Array([1, 2]), '[1.0, 2.0]'], [{}, '{}'],
        [new Tuple(1), '(1,)'], [new Uint8Array([97]), 'b\'a\''], [new GLib.Variant('(sb)',
            ['v', true]), '(\'v\', True)'],
    ];
    for (const [value, text] of meant) {
        channel.send(value);
        equal(await channel.receive(), text);
    }
    channel.close();
});

test('what can’t be sent is an error with the path, and the channel goes on', async () => {
    const channel = gateway.remoteExec(ECHO);
    const {message} = await throwsCode(Execnet.Error, UNSUPPORTED_TYPE,
        () => channel.send([1, {size: () => 1}]));
    match(message, /^item\[1\]\.size is of the type “function”/);
    await throwsCode(Execnet.Error, UNSUPPORTED_TYPE, () => channel.send_sync(Symbol('x')));
    channel.send('fine');
    equal(await channel.receive(), 'fine');
    channel.close();
});

test('what Python can’t send is a remote error with the path', async () => {
    const channel = gateway.remoteExec('channel.send([1, {"size": object()}])');
    const error = await thrown(() => channel.receive());
    ok(error instanceof Execnet.RemoteError, `${error} is a RemoteError`);
    match(error.traceback, /object/);
});

test('items wait in order, the end comes after the last', async () => {
    const channel = gateway.remoteExec('for i in range(5): channel.send(i)');
    await channel.waitClose();
    for (let i = 0; i < 5; i++)
        equal(await channel.receive(), i);
    await throwsCode(Execnet.Error, END, () => channel.receive());
    await throwsCode(Execnet.Error, END, () => channel.receive());
    await throwsCode(Execnet.Error, END, () => channel.receive_sync());
    await throwsCode(Execnet.Error, END, () => channel.tryReceive());
});

test('several pending receives get the items in their order', async () => {
    const channel = gateway.remoteExec(ECHO);
    const pending = [1, 2, 3].map(() => channel.receive());
    for (const value of ['a', 'b', 'c'])
        channel.send(value);
    equal(await Promise.all(pending), ['a', 'b', 'c']);
    channel.close();
});

test('iteration ends with the channel', async () => {
    const seen = [];
    for await (const item of gateway.remoteExec('for i in range(100): channel.send((i, None))'))
        seen.push(item);
    equal(seen.length, 100);
    equal(seen[99], new Tuple(99, null));
});

test('iteration throws a remote error after the items', async () => {
    const seen = [];
    const error = await thrown(async () => {
        for await (const item of gateway.remoteExec('channel.send(1); channel.send(2); oops'))
            seen.push(item);
    });
    equal(seen, [1, 2]);
    equal(error.type, 'NameError');
});

test('a loop that is left can be continued', async () => {
    const channel = gateway.remoteExec('for i in range(3): channel.send(i)');
    for await (const item of channel) { // eslint-disable-line no-unreachable-loop
        equal(item, 0);
        break;
    }
    equal(await channel.receive(), 1);
    const rest = [];
    for await (const item of channel)
        rest.push(item);
    equal(rest, [2]);
});

test('a remote error is thrown once, the end after that', async () => {
    const channel = gateway.remoteExec('raise KeyError("k")');
    const error = await thrown(() => channel.receive());
    equal(error.type, 'KeyError');
    await throwsCode(Execnet.Error, END, () => channel.receive());
    await channel.waitClose();
    equal(channel.getRemoteError().type, 'KeyError');

    const other = gateway.remoteExec('raise KeyError("k")');
    equal((await thrown(() => other.waitClose())).type, 'KeyError');
    await other.waitClose();
});

test('closing with an error tells the other side', async () => {
    const channel = gateway.remoteExec(`
reply = channel.receive()
try:
    channel.receive()
except channel.RemoteError as error:
    reply.send(str(error))
`);
    const reply = gateway.newChannel();
    channel.send(reply);
    channel.close('enough is enough');
    match(await reply.receive(), /enough is enough/);
    reply.close();
    channel.close();
    equal(channel.state, Execnet.ChannelState.CLOSED);
    await throwsCode(Execnet.Error, Execnet.Error.CLOSED, () => channel.send(1));
    await throwsCode(Execnet.Error, Execnet.Error.CLOSED, () => channel.send_sync(1));
});

test('after the last message of the other side sending goes on', async () => {
    const channel = gateway.remoteExec(`
import threading
taken, done = [], threading.Event()
other = channel.gateway.newchannel()
other.setcallback(lambda item: done.set() if item is None else taken.append(item), None)
channel.send(other)
other.send('last')
del other
done.wait()
channel.send(taken)
`);
    const other = await channel.receive();
    await other.waitClose();
    equal(other.state, Execnet.ChannelState.SEND_ONLY);
    equal(await other.receive(), 'last');
    await throwsCode(Execnet.Error, END, () => other.receive());
    other.send(1);
    other.send(2);
    other.close();
    equal(await channel.receive(), [1, 2]);
});

test('a channel that is collected tells the other side', async () => {
    const control = gateway.remoteExec(`
try:
    channel.receive().receive()
except EOFError:
    channel.send('ended')
`);
    (() => control.send(gateway.newChannel()))();
    await turns(1);
    System.gc();
    equal(await control.receive(), 'ended');
});

test('a remote error that nobody asks for is logged once', async () => {
    GLib.test_expect_message('Execnet', GLib.LogLevelFlags.LEVEL_MESSAGE, '*nobody asks*');
    (() => gateway.remoteExec('raise KeyError("nobody asks")').wait_closed(-1, null))();
    await turns(1);
    System.gc();
    await turns(1);
    GLib.test_assert_expected_messages_internal('Execnet', 'test-channel.js', 0, 'unhandled');
});

test('time-outs and cancelling leave the channel usable', async () => {
    const channel = gateway.remoteExec(ECHO);
    await throwsCode(Execnet.Error, TIMED_OUT, () => channel.receive(10));
    await throwsCode(Execnet.Error, TIMED_OUT, () => channel.receive(0));
    await throwsCode(Execnet.Error, TIMED_OUT, () => channel.receive_sync(10));
    await throwsCode(Execnet.Error, TIMED_OUT, () => channel.waitClose(10));
    await throwsCode(Execnet.Error, TIMED_OUT, () => channel.wait_close_sync(10));

    const {CANCELLED} = Gio.IOErrorEnum;
    const cancellable = new Gio.Cancellable();
    const receiving = channel.receive(-1, cancellable);
    const waiting = channel.waitClose(-1, cancellable);
    cancellable.cancel();
    await throwsCode(Gio.IOErrorEnum, CANCELLED, () => receiving);
    await throwsCode(Gio.IOErrorEnum, CANCELLED, () => waiting);
    await throwsCode(Gio.IOErrorEnum, CANCELLED, () => channel.send(1, cancellable));
    await throwsCode(Gio.IOErrorEnum, CANCELLED, () => channel.receive_sync(-1, cancellable));

    channel.send(7);
    equal(await channel.receive(), 7);
    channel.close();
});

test('tryReceive tells nothing from None', async () => {
    const channel = gateway.remoteExec(ECHO);
    equal(channel.tryReceive(), undefined);
    channel.send(null);
    equal(channel.wait(-1, null), Execnet.WaitResult.READY);
    equal(channel.tryReceive(), null);
    equal(channel.tryReceive(), undefined);
    channel.close();
});

test('a callback gets all items and the end', async () => {
    const channel = gateway.remoteExec('for i in range(1000): channel.send({"i": i})');
    const seen = [];
    let ends = 0;
    channel.setCallback(item => seen.push(item.i), () => ends++);
    await channel.waitClose();
    equal(seen.length, 1000);
    equal(seen.every((item, i) => item === i), true);
    equal(ends, 1);
});

test('a channel with a callback lives until it is closed', async () => {
    const seen = [];
    const gate = gateway.newChannel();
    const ended = new Promise(resolve => {
        const channel = gateway.remoteExec(`
channel.receive().receive()
for i in range(3):
    channel.send(i)
`);
        channel.setCallback(item => seen.push(item), resolve);
        channel.send(gate);
    });
    // Lets go of the frame that held the channel.
    await turns(1);
    System.gc();
    gate.send(null);
    await ended;
    equal(seen, [0, 1, 2]);
    gate.close();
});

test('a callback gets what waits already first', async () => {
    const channel = gateway.remoteExec('for i in range(5): channel.send(i)');
    await channel.waitClose();
    const seen = [];
    await new Promise(resolve => {
        channel.setCallback(item => seen.push(item), resolve);
    });
    equal(seen, [0, 1, 2, 3, 4]);
});

test('waiting without the loop runs the callback too', () => {
    const channel = gateway.remoteExec('for i in range(5): channel.send(i)');
    const seen = [];
    channel.setCallback(item => seen.push(item), () => seen.push('end'));
    channel.wait_close_sync();
    equal(seen, [0, 1, 2, 3, 4, 'end']);
});

test('a channel with a callback can’t be received from', async () => {
    const channel = gateway.remoteExec(ECHO);
    channel.setCallback(() => {});
    await throwsCode(Execnet.Error, HAS_HANDLER, () => channel.receive());
    await throwsCode(Execnet.Error, HAS_HANDLER, () => channel.setCallback(() => {}));
    channel.close();
});

// Expects that an error is logged while a callback fails; gives what the other side sees.
async function failing(func) {
    const reply = gateway.newChannel();
    const channel = gateway.remoteExec(`
reply = channel.receive()
channel.send(1)
try:
    channel.receive()
except channel.RemoteError as error:
    reply.send(str(error))
`);
    channel.setCallback(func);
    GLib.test_expect_message('Gjs', GLib.LogLevelFlags.LEVEL_WARNING, '*RangeError: my mistake*');
    channel.send(reply);
    const text = await reply.receive();
    GLib.test_assert_expected_messages_internal('Gjs', 'test-channel.js', 0, 'failing');
    reply.close();
    return [text, channel];
}

test('what a callback throws closes the channel with that error', async () => {
    const [text, channel] = await failing(() => {
        throw new RangeError('my mistake');
    });
    match(text, /RangeError: my mistake/);
    const error = await thrown(() => channel.waitClose());
    ok(error instanceof Execnet.RemoteError, `${error} is a RemoteError`);
    match(error.message, /RangeError: my mistake/);
});

test('what an asynchronous callback is rejected with closes the channel too', async () => {
    const [text, channel] = await failing(async () => {
        await null;
        throw new RangeError('my mistake');
    });
    match(text, /RangeError: my mistake/);
    equal(channel.state, Execnet.ChannelState.CLOSED);
});

test('what a callback throws for an item that waited is thrown by setCallback', async () => {
    const channel = gateway.remoteExec('channel.send(1); channel.send(2); channel.receive()');
    equal(channel.wait(-1, null), Execnet.WaitResult.READY);
    const error = await thrown(() => channel.setCallback(() => {
        throw new RangeError('my mistake');
    }));
    ok(error instanceof RangeError, `${error} is what was thrown`);
    equal(channel.state, Execnet.ChannelState.CLOSED);
});

test('the signal “received” gives variants, “closed” comes after them', async () => {
    const channel = gateway.remoteExec('for i in range(3): channel.send(i)');
    const seen = [];
    await new Promise(resolve => {
        channel.connect('received', (_channel, item) => seen.push(item.print(true)));
        channel.connect('closed', (_channel, error) => {
            seen.push(error);
            resolve();
        });
    });
    equal(seen, ['int64 0', 'int64 1', 'int64 2', null]);
});

test('channels travel in items, both ways', async () => {
    const channel = gateway.remoteExec(`
mine = channel.receive()["channels"][0]
theirs = channel.gateway.newchannel()
channel.send((theirs, "x"))
channel.send(mine)
mine.send("hello")
theirs.send(theirs.receive() * 2)
`);
    const mine = gateway.newChannel();
    channel.send({channels: [mine]});
    const [theirs, text] = await channel.receive();
    equal(text, 'x');
    ok(theirs instanceof Execnet.Channel, 'a channel arrives');
    ok(theirs.gateway === gateway, 'it is of the same gateway');
    ok(await channel.receive() === mine, 'one’s own channel is the same object');
    equal(await mine.receive(), 'hello');
    theirs.send(21);
    equal(await theirs.receive(), 42);
    await channel.waitClose();
    mine.close();
    theirs.close();
});

test('a channel of another gateway is refused, in items and in dumps', async () => {
    const other = await group.makeGateway('popen');
    const channel = gateway.newChannel();
    const foreign = other.newChannel();
    const {message} = await throwsCode(Execnet.Error, UNSUPPORTED_TYPE,
        () => channel.send([foreign]));
    match(message, /^item\[0\].*own gateway/);
    await throwsCode(Execnet.Error, UNSUPPORTED_TYPE, () => Execnet.dumps(channel));
    channel.close();
    other.exit();
    await other.join();
});

test('items can be handed on in their wire form', async () => {
    const from = gateway.remoteExec('channel.send([1.0, 2**70, {"1": 1, "0": 2}])');
    const to = gateway.remoteExec('channel.send(repr(channel.receive()))');
    to.sendBytes(await from.receiveBytes());
    equal(await to.receive(), '[1.0, 1180591620717411303424, {\'1\': 1, \'0\': 2}]');
});

test('10 MB of bytes and of text go both ways', async () => {
    const channel = gateway.remoteExec(ECHO);
    const bytes = new Uint8Array(10_000_000);
    for (let i = 0; i < bytes.length; i += 4096)
        bytes[i] = i >> 12;
    channel.send(bytes);
    const back = await channel.receive();
    equal(back.length, bytes.length);
    ok(GLib.compute_checksum_for_bytes(GLib.ChecksumType.SHA1, back) ===
        GLib.compute_checksum_for_bytes(GLib.ChecksumType.SHA1, bytes), 'the bytes are the same');
    equal(back.byteOffset, 0);
    equal(back.buffer.byteLength, back.length, 'the buffer is its own');

    const text = 'ä€😀'.repeat(1_000_000);
    channel.send({text});
    ok((await channel.receive()).text === text, 'the text is the same');
    channel.close();
});

test('what is sent without awaiting arrives in order', async () => {
    const channel = gateway.remoteExec(`
import hashlib
channel.receive()
for item in channel:
    channel.send((item[0], len(item[1])))
`);
    const bytes = new Uint8Array(700_000);
    const sends = [channel.send(null)];
    for (let i = 0; i < 20; i++) {
        sends.push(channel.send([i, bytes]));
        sends.push(channel.send([i, new Uint8Array(i)]));
    }
    for (let i = 0; i < 20; i++) {
        equal(await channel.receive(), new Tuple(i, bytes.length));
        equal(await channel.receive(), new Tuple(i, i));
    }
    await Promise.all(sends);
    channel.close();
});

test('a sender that awaits is held back by a receiver that reads slowly', async () => {
    // The worker is stopped by a signal, so that nothing is read.
    const slow = await group.makeGateway('popen');
    const {pid} = await slow.remoteInformation();
    const channel = slow.remoteExec(`
total = 0
for item in channel:
    total += len(item)
    if not item:
        channel.send(total)
`);
    channel.send('');
    equal(await channel.receive(), 0);
    const bytes = new Uint8Array(1 << 20);
    const cancellable = new Gio.Cancellable();
    signal(pid, 'STOP');
    let sent = 0, pending;
    do {
        let done = false;
        pending = channel.send(bytes, cancellable).then(() => (done = true));
        sent++;
        await turns(10);
        if (!done)
            break;
    } while (sent < 100);
    ok(sent < 20, `${sent} items of 1 MiB are less than 20`);
    signal(pid, 'CONT');
    await pending;
    channel.send('');
    equal(await channel.receive(), sent << 20);
    slow.exit();
    await slow.join();
});

// GJS 1.74 loses callbacks when its engine collects garbage in steps: see collector.js.
test('100 000 items arrive, however they are taken', async () => {
    const source = 'for i in range(50000): channel.send({"i": i})';
    let sum = 0;
    for await (const item of gateway.remoteExec(source))
        sum += item.i;
    equal(sum, 1249975000);

    sum = 0;
    const channel = gateway.remoteExec(source);
    channel.setCallback(item => (sum += item.i));
    await channel.waitClose();
    equal(sum, 1249975000);
});

test('100 items of 1 MB arrive', async () => {
    const channel = gateway.remoteExec(ECHO);
    const bytes = new Uint8Array(1_000_000);
    for (let i = 0; i < 100; i++) {
        bytes[0] = i;
        await channel.send(bytes);
        equal((await channel.receive())[0], i);
    }
    channel.close();
});

test('100 run at once', async () => {
    const channels = Array.from({length: 100}, () => gateway.remoteExec(
        'channel.send(channel.receive() ** 2)'));
    channels.forEach((channel, i) => channel.send(i));
    const squares = await Promise.all(channels.map(channel => channel.receive()));
    equal(squares, channels.map((_channel, i) => i * i));
    await Promise.all(channels.map(channel => channel.waitClose()));
});

test('100 calls at once, in three gateways', async () => {
    const gateways = [gateway, ...await Promise.all([1, 2].map(() => group.makeGateway('popen')))];
    const calls = Array.from({length: 100}, (_, i) => gateways[i % 3].call(
        'def square(x): return x * x', 'square', {x: i}));
    equal(await Promise.all(calls), calls.map((_call, i) => i * i));
});

test('bytes that are no item close the channel with an error', async () => {
    const reply = gateway.newChannel();
    const channel = gateway.remoteExec(`
reply = channel.receive()
try:
    reply.send(channel.receive())
except Exception as error:
    reply.send("%s: %s" % (type(error).__name__, error))
`);
    channel.send(reply);
    channel.sendBytes(new Uint8Array([0x5a, 0x51]));
    match(await reply.receive(), /0x5a|5a|90|opcode/i);
    reply.close();
    channel.close();
});

test('reconfiguring says what strings become', async () => {
    const channel = gateway.remoteExec('for item in channel: channel.send("text")');
    channel.reconfigure(Execnet.LoadFlags.PY3STR_AS_PY2STR);
    channel.send(1);
    equal(show(await channel.receive()), show(new TextEncoder().encode('text')));
    channel.close();
});

test('nothing is left', async () => {
    await group.terminate(2000);
    equal([...group], []);
});

await run();
