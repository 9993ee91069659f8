// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// GJS loads this file when a program imports the namespace, as a module of the old kind (also for
// `import Execnet from 'gi://Execnet'`), from the folder `overrides` of a place on its search path:
// GJS_PATH, `gjs -I`, or `gjs-1.0` in one of XDG_DATA_DIRS. It calls `_init` with the namespace.
//
//     import Execnet from 'gi://Execnet';
//
//     const gateway = await Execnet.makeGateway();
//     const channel = gateway.remoteExec('channel.send(channel.receive() + 1)');
//     channel.send(1);
//     print(await channel.receive());
//     await Execnet.Group.get_default().terminate();

/* exported _init */

const {channel, errors, gateway, items, map, multi, values} = imports.overrides.execnet;

function _init() {
    const Execnet = this;

    items.init(Execnet);
    channel.init(Execnet);
    gateway.init(Execnet);
    map.init(Execnet);
    multi.init(Execnet);

    // The boxed type must keep its name: GJS looks it up there. So it stands for the error that is
    // thrown, which is an Error: `error instanceof Execnet.RemoteError`.
    Object.defineProperty(Execnet.RemoteError, Symbol.hasInstance, {
        value: error => error instanceof errors.RemoteError,
    });

    const {Complex, Float, FrozenSet, Tuple} = values;
    const {makeGateway, make_gateway_sync} = gateway; // eslint-disable-line camelcase
    const {dumps, loads} = items;
    Object.assign(Execnet, {
        Complex, Float, FrozenSet, Tuple,
        dumps, loads,
        makeGateway, make_gateway: makeGateway, make_gateway_sync,
    });
}
