// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The main job from JavaScript: start Python interpreters, run code in them, talk to it over
// channels.
//
//   gjs -m main-job.js [SPEC...]   such as: popen//python=python3 popen//python=pypy3

import Execnet from 'gi://Execnet';
import System from 'system';

// Code for the other side is text. It finds its channel under that name.
const DOUBLE_EVERYTHING = `
for number in channel:
    channel.send(number * 2)
`;

const COUNT_DOWN = `
for number in (3, 2, 1):
    channel.send(number)
`;

const STUMBLE = `
def divide(one, other):
    return one / other
divide(1, 0)
`;

const DESCRIPTIONS = `
def describe_interpreter():
    import platform
    return '%s %s' % (platform.python_implementation(), platform.python_version())

def describe(name, year):
    return '%s is from %d' % (name, year)
`;

async function sendAndReceive(gateway) {
    const channel = gateway.remoteExec(DOUBLE_EVERYTHING);
    channel.send(21);
    print(`  Sent 21, received ${await channel.receive()}.`);
    channel.close();
}

// A loop takes what comes until the other side closes; the program goes on with other things
// meanwhile.
async function letItemsCome(gateway) {
    const items = [];
    for await (const item of gateway.remoteExec(COUNT_DOWN))
        items.push(item);
    print(`  Items that came by themselves: ${items.join(' ')}`);
}

// The shortest way: arguments in, the function's value out.
async function callAFunction(gateway) {
    const value = await gateway.call(DESCRIPTIONS, 'describe', {name: 'Python', year: 1991});
    print(`  Called a function, which answered: ${value}.`);
}

// An exception over there is one here, and says where it happened.
async function seeAnError(gateway) {
    try {
        await gateway.remoteExec(STUMBLE).waitClose();
    } catch (error) {
        print(`  Ran code with a mistake in it:\n${error.traceback}`);
    }
}

async function doTheMainJob(spec) {
    const gateway = await Execnet.makeGateway(spec);
    print(`Started ${await gateway.call(DESCRIPTIONS, 'describe_interpreter')}.`);
    await sendAndReceive(gateway);
    await letItemsCome(gateway);
    await callAFunction(gateway);
    await seeAnError(gateway);
    gateway.exit();
}

const specs = System.programArgs.length ? System.programArgs : ['popen'];
for (const spec of specs)
    await doTheMainJob(spec); // eslint-disable-line no-await-in-loop
await Execnet.Group.get_default().terminate();
