# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rows of the benchmark's table."""

import dataclasses

#: How the lines of a row are called, in the order of the table.
LANGUAGES = {'c': 'C', 'python': 'Python', 'javascript': 'JavaScript'}


@dataclasses.dataclass
class Goal:
    text: str
    above: str
    below: str
    at_least: float = 0
    at_most: float = float('inf')

    def ratio(self, times):
        return times[self.above] / times[self.below]

    def is_reached(self, ratio):
        return self.at_least <= ratio <= self.at_most


@dataclasses.dataclass
class Row:
    title: str
    unit: str
    subject: str
    #: How often it is done in a turn; for items, how long the list is.
    count: int
    turns: int
    smoke_count: int
    #: What runs on the other side.
    source: str = ''
    #: Which items are written and read; nothing for gateways.
    values: str = ''
    languages: tuple = ('c',)
    goals: tuple = ()
    one_core: bool = False
    pipes: bool = False
    #: Through one gateway more.
    via: bool = False


ONE_ITEM = 'channel.send(1)'

ECHO = '''
while True:
    channel.send(channel.receive())
'''

TAKE = '''
while True:
    total = 0
    for _ in range(channel.receive()):
        total += channel.receive()
    channel.send(total)
'''

GIVE = '''
while True:
    for i in range(channel.receive()):
        channel.send(i)
'''

TAKE_BULK = '''
while True:
    total = 0
    for _ in range(channel.receive()):
        total += len(channel.receive())
    channel.send(total)
'''

GIVE_BULK = '''
data = b'b' * (1024 * 1024)
while True:
    for _ in range(channel.receive()):
        channel.send(data)
'''

ALL = tuple(LANGUAGES)

START_GOALS = (Goal("%.2f of a bare Python's time (<= 1.7)", 'ours', 'raw', at_most=1.7),
               Goal("%.2f of stock's (<= 0.65)", 'ours', 'stock', at_most=0.65))
START_MANY_GOALS = (Goal("%.2f of bare Pythons' time (<= 1.3)", 'ours', 'raw', at_most=1.3),)
ECHO_GOALS = (Goal("%.1f x stock's speed (>= 3)", 'stock', 'ours', at_least=3),)
BULK_GOALS = (Goal("%.2f of the raw speed (>= 0.7)", 'raw', 'ours', at_least=0.7),)
ECHO_VIA_GOALS = (Goal("%.1f x stock's speed (>= 1)", 'stock', 'ours', at_least=1),)
BULK_VIA_GOALS = (Goal("%.1f x stock's speed (>= 1.5)", 'stock', 'ours', at_least=1.5),)
CEILING_GOALS = (Goal("%.2f of the ceiling for new objects (>= 0.9)", 'raw', 'ours', at_least=0.9),)
ITEM_GOALS = (Goal("%.0f x stock's speed (>= 15)", 'stock', 'ours', at_least=15),)

ROWS = [
    Row('popen to first answer', 'ms', 'start', 1, 15, 1, ONE_ITEM, languages=ALL,
        goals=START_GOALS),
    # The stock library starts them one after the other.
    Row('start of 50 popen together, each', 'ms', 'start-many', 50, 9, 4, ONE_ITEM,
        goals=START_MANY_GOALS),
    Row('ping-pong of an int', 'µs', 'echo', 1000, 9, 10, ECHO, languages=ALL, goals=ECHO_GOALS),
    Row('the same on one core', 'µs', 'echo', 1000, 9, 10, ECHO, languages=ALL, goals=ECHO_GOALS,
        one_core=True),
    Row('ints to the worker', 'µs', 'sending', 5000, 9, 10, TAKE, languages=ALL),
    Row('ints from the worker', 'µs', 'receiving', 5000, 9, 10, GIVE, languages=ALL),
    Row('1 MiB items to the worker', 'µs', 'sending-bulk', 64, 9, 3, TAKE_BULK, goals=BULK_GOALS),
    Row('1 MiB items from the worker', 'µs', 'receiving-bulk', 64, 9, 3, GIVE_BULK,
        goals=BULK_GOALS),
    # A buffer that is filled again and again stays in the caches and has its pages; a new object for
    # each item does not. That is the ceiling for items.
    Row('1 MiB items to the worker, as objects', 'µs', 'sending-objects', 64, 9, 3, TAKE_BULK,
        goals=CEILING_GOALS),
    Row('1 MiB items to the worker, pipes, as objects', 'µs', 'sending-objects', 64, 9, 3,
        TAKE_BULK, goals=CEILING_GOALS, pipes=True),
    Row('1 MiB items to the worker, pipes', 'µs', 'sending-bulk', 64, 9, 3, TAKE_BULK,
        goals=BULK_GOALS, pipes=True),
    Row('1 MiB items from the worker, pipes', 'µs', 'receiving-bulk', 64, 9, 3, GIVE_BULK,
        goals=BULK_GOALS, pipes=True),
    # What is raw here goes directly.
    Row('ping-pong of an int via another gateway', 'µs', 'echo', 1000, 9, 10, ECHO,
        languages=('c', 'python'), goals=ECHO_VIA_GOALS, via=True),
    Row('1 MiB items to the worker via another one', 'µs', 'sending-bulk', 64, 9, 3, TAKE_BULK,
        goals=BULK_VIA_GOALS, via=True),
    Row('1 MiB items from the worker via another one', 'µs', 'receiving-bulk', 64, 9, 3, GIVE_BULK,
        goals=BULK_VIA_GOALS, via=True),
]
for values, length in ('ints', 1000000), ('floats', 1000000), ('records', 100000):
    for subject in 'dumps', 'loads':
        ROWS.append(Row('%s of %d %s' % (subject, length, values), 'µs', subject, length, 3, 100,
                        values=values, goals=ITEM_GOALS))

