#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Keep every CPU busy with tasks, and lose no result, not even when a worker dies.

task-server.py [TASKS [WORKERS]]
"""

import collections
import os
import sys

from gi.repository import Execnet as execnet

ENDED = object()


def work(channel):
    # Asks for the first task; each result asks for the next.
    channel.send(None)
    for task in channel:
        channel.send(sum(i * i for i in range(task)))


n_tasks = int(sys.argv[1]) if len(sys.argv) > 1 else 20
n_workers = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count()
group = execnet.Group(['popen'] * n_workers)
channels = group.remote_exec(work)
queue = channels.make_receive_queue(endmarker=ENDED)
print('%d interpreters work.' % n_workers, flush=True)

tasks = collections.deque(range(n_tasks))
results = {}
task_of = {}
idle = []
n_working = len(channels)
while len(results) < n_tasks and n_working:
    channel, item = queue.get()
    if item is ENDED:
        n_working -= 1
        # Another one does what this one had.
        if channel in task_of:
            tasks.appendleft(task_of.pop(channel))
        elif channel in idle:
            idle.remove(channel)
    else:
        if channel in task_of:
            results[task_of.pop(channel)] = item
        idle.append(channel)
    while tasks and idle:
        channel = idle.pop()
        task_of[channel] = tasks.popleft()
        try:
            channel.send(task_of[channel])
        except OSError:
            # It has died; its end comes through the queue.
            pass

group.terminate(timeout=5)
print('%d of %d tasks are done; the sum of their results is %d.'
      % (len(results), n_tasks, sum(results.values())))
