// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A program with one gateway, whose specification is the argument.

import Execnet from 'gi://Execnet';
import System from 'system';

const group = new Execnet.Group();
const gateway = await group.makeGateway(System.programArgs[0]);
const channel = gateway.remoteExec('channel.send([channel.receive(), 1])');
await channel.send('here');
print(await channel.receive());
await group.terminate(5000);
