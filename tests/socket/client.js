// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A program in JavaScript that uses the socket server that is named.

import Execnet from 'gi://Execnet';
import {programArgs} from 'system';

const [spec] = programArgs;
const gateway = await Execnet.makeGateway(spec);
const channel = gateway.remoteExec('channel.send(channel.receive() + 1)');
channel.send(41);
print(await channel.receive());
await channel.waitClose();
await Execnet.Group.get_default().terminate();
