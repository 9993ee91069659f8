// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// Keep every CPU busy with tasks, and lose no result, not even when a worker dies.
//
//   gjs -m task-server.js [TASKS [WORKERS]]

import Execnet from 'gi://Execnet';
import GLib from 'gi://GLib';
import System from 'system';

// Asks for the first task; each result asks for the next.
const WORK = `
channel.send(None)
for task in channel:
    channel.send(sum(i * i for i in range(task)))
`;

async function serve(queue, nTasks) {
    const tasks = Array.from({length: nTasks}, (_, task) => nTasks - 1 - task);
    const taskOf = new Map();
    const results = new Map();
    const idle = [];
    while (results.size < nTasks) {
        // Without anybody left to work, this fails: the queue has come to its end.
        const {channel, item, isEnd} = await queue.pop();
        const task = taskOf.get(channel);
        taskOf.delete(channel);
        if (isEnd) {
            if (task !== undefined)
                tasks.push(task);
            else if (idle.includes(channel))
                idle.splice(idle.indexOf(channel), 1);
        } else {
            if (task !== undefined)
                results.set(task, item);
            idle.push(channel);
        }
        while (tasks.length && idle.length) {
            const free = idle.pop();
            taskOf.set(free, tasks.pop());
            // When it has died, its end comes through the queue.
            free.send(taskOf.get(free)).catch(() => {});
        }
    }
    return results;
}

const [nTasks = '20', nWorkers = `${GLib.get_num_processors()}`] = System.programArgs;
const group = new Execnet.Group();
await Promise.all(Array.from({length: Number(nWorkers)}, () => group.makeGateway('popen')));
const queue = group.remoteExec(WORK).makeReceiveQueue(true);
print(`${nWorkers} interpreters work.`);
const results = await serve(queue, Number(nTasks));
const sum = [...results.values()].reduce((one, other) => one + Number(other), 0);
print(`${results.size} of ${nTasks} tasks are done; the sum of their results is ${sum}.`);
await group.terminate(5000);
