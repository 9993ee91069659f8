// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Makes a gateway, of the specification that is the first argument, as each of these asks for it; the
// second argument answers its question.

import Execnet from 'gi://Execnet';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import System from 'system';

import {equal, match, run, test, throwsCode} from '../gjs/tap.js';

const [spec, answer] = System.programArgs;

function later(func) {
    GLib.idle_add(GLib.PRIORITY_DEFAULT, () => {
        func();
        return GLib.SOURCE_REMOVE;
    });
}

/** Notes what it is asked, and answers on a later turn of the loop. */
const Person = GObject.registerClass(
class Person extends Gio.MountOperation {
    _init(onAsked) {
        super._init();
        this.asked = [];
        this.nAborted = 0;
        this.onAsked = onAsked;
    }

    vfunc_ask_password(message, _user, _domain, flags) {
        this.asked.push([message, flags]);
        later(() => this.onAsked(this));
    }

    vfunc_aborted() {
        this.nAborted++;
    }
});

function giveAnswer(operation) {
    operation.set_password(answer);
    operation.reply(Gio.MountOperationResult.HANDLED);
}

function makeGroup(operation) {
    const group = new Execnet.Group();
    group.mountOperation = operation;
    return group;
}

async function checkGateway(group) {
    const gateway = await group.makeGateway(spec);
    equal(await gateway.remoteExec('channel.send(1)').receive(), 1);
    await group.terminate(5000);
}

test('a subclass that takes its time', async () => {
    const person = new Person(giveAnswer);
    const group = makeGroup(person);
    await checkGateway(group);
    equal(group.mountOperation === person, true);
    equal(person.asked.length, 1);
    match(person.asked[0][0], /^.*“test.*\n.*id_encrypted/);
    equal(person.asked[0][1], Gio.AskPasswordFlags.NEED_PASSWORD);
    equal(person.get_password(), null);
});

test('handlers of a plain operation', async () => {
    const operation = new Gio.MountOperation();
    operation.connect('ask-password', () => later(() => giveAnswer(operation)));
    await checkGateway(makeGroup(operation));
});

test('a synchronous call, answered at once', async () => {
    const operation = new Gio.MountOperation();
    operation.connect('ask-password', giveAnswer);
    const group = makeGroup(operation);
    equal(group.make_gateway_sync(spec, null).get_state(), Execnet.GatewayState.RUNNING);
    await group.terminate(5000);
});

test('a synchronous call, not answered at once', async () => {
    const person = new Person(() => {});
    const group = makeGroup(person);
    await throwsCode(Execnet.Error, Execnet.Error.NEEDS_INTERACTION,
        () => group.make_gateway_sync(spec, null));
    equal([person.asked.length, person.nAborted], [1, 1]);
});

test('cancelled while it is asked', async () => {
    const cancellable = new Gio.Cancellable();
    const person = new Person(() => cancellable.cancel());
    const group = makeGroup(person);
    await throwsCode(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED,
        () => group.makeGateway(spec, cancellable));
    while (person.nAborted === 0)
        await new Promise(resolve => later(resolve));
    equal(person.asked.length, 1);
});

test('nobody to ask', async () => {
    const error = await throwsCode(Execnet.Error, Execnet.Error.NEEDS_INTERACTION,
        () => makeGroup(null).makeGateway(spec));
    match(error.message, /id_encrypted.*mount-operation/);
});

await run();
