// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Multi-channels and their queues, with two real interpreters.

import Execnet from 'gi://Execnet';

import {equal, ok, run, test, thrown, throwsCode} from './tap.js';

const group = new Execnet.Group();
const gateways = await Promise.all([group.makeGateway('popen'), group.makeGateway('popen')]);

test('an item is sent to each and received from each', async () => {
    const multi = group.remoteExec('channel.send(channel.receive() + [channel.gateway.id])');
    equal([...multi].map(channel => channel.gateway.id).sort(), ['gw0', 'gw1']);
    await multi.sendEach([1.5]);
    equal((await multi.receiveEach()).sort(), [[1.5, 'gw0-worker'], [1.5, 'gw1-worker']]);
    await multi.waitClose();
    equal(multi.get_n_items(), 2);
    ok(multi.get_item(0) === [...multi][0], 'it is a list model of the same channels');
});

test('the blocking forms do the same', () => {
    const multi = group.remoteExec('channel.send(channel.receive())');
    multi.send_each_sync('x');
    equal(multi.receive_each_sync(), ['x', 'x']);
    multi.wait_close();
});

test('a function gets its arguments', async () => {
    const source = Execnet.Source.new_function('def f(channel, n): channel.send(n * 2)', 'f');
    equal(await group.remoteExec(source, {n: 4}).receiveEach(), [8, 8]);
});

test('the first error is thrown when all have closed', async () => {
    const multi = group.remoteExec('raise ValueError(channel.gateway.id)');
    const error = await thrown(() => multi.waitClose());
    equal(error.message, [...multi][0].gateway.id + '-worker');
    equal([...multi].map(channel => channel.state),
        [Execnet.ChannelState.CLOSED, Execnet.ChannelState.CLOSED]);
});

test('a queue is iterated over', async () => {
    const multi = group.remoteExec('for i in range(3): channel.send([i])');
    const queue = multi.makeReceiveQueue(true);
    ok(multi.makeReceiveQueue() === queue, 'it is the same one');
    const items = new Map([...multi].map(channel => [channel, []]));
    for await (const {channel, item, isEnd} of queue)
        items.get(channel).push(isEnd ? 'end' : item);
    for (const list of items.values())
        equal(list, [[0], [1], [2], 'end']);
    await throwsCode(Execnet.Error, Execnet.Error.END, () => queue.pop());
});

test('a queue can be looked at', async () => {
    const multi = group.remoteExec('channel.send(channel.receive())');
    const queue = multi.makeReceiveQueue();
    equal(queue.tryPop(), null);
    await throwsCode(Execnet.Error, Execnet.Error.TIMED_OUT, () => queue.pop(1));
    [...multi][1].send(null);
    const {channel, item, isEnd} = await queue.pop();
    ok(channel === [...multi][1], 'it came over this channel');
    equal([item, isEnd], [null, false]);
    [...multi][0].send(7);
    equal(queue.pop_sync().item, 7);
});

test('the end of a killed gateway is in the queue, once', async () => {
    const other = await group.makeGateway('popen');
    const channel = other.remoteExec('channel.receive()');
    const queue = Execnet.ReceiveQueue.new(true);
    queue.add(channel);
    other.kill();
    const seen = [];
    for await (const next of queue)
        seen.push(next.isEnd);
    equal(seen, [true]);
    await other.join();
});

await run();
equal(gateways.length, 2);
await group.terminate(5000);
