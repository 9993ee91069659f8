#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compares this library with execnet itself and with what the system can do at best.

Each row of the table is one subject. Everybody who takes part is a program of its own, which
measures itself and answers on its standard output; they take turns, so that a busy machine treats
all alike, and what counts is the median of their turns. All must compute the same.
"""

import argparse
import json
import os
import pathlib
import select
import statistics
import subprocess
import sys

from rows import LANGUAGES, ROWS

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]

#: Longer than any turn takes; who needs it hangs.
LONGEST_TURN = 120


class Failure(Exception):
    """Something that makes the figures worthless."""


class Participant:
    """A program that takes turns."""

    def __init__(self, name, command, environment):
        self.name = name
        self.turns = []
        self.process = subprocess.Popen(command, env=environment, text=True, bufsize=1,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def take_turn(self, count):
        """Gives what the program says it has computed."""
        self.process.stdin.write('%d\n' % count)
        ready, _, _ = select.select([self.process.stdout], [], [], LONGEST_TURN)
        line = self.process.stdout.readline() if ready else ''
        if not line:
            raise Failure('%s %s' % (self.name, 'has ended' if ready else 'hangs'))
        seconds, computed = line.split()
        self.turns.append(float(seconds))
        return computed

    def end(self):
        self.process.stdin.close()
        if self.process.wait(LONGEST_TURN) != 0:
            raise Failure('%s ended with %d' % (self.name, self.process.returncode))

    def kill(self):
        """After a failure."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def commands(row, build, python, languages):
    """Gives {name: command} of those who take part in a row."""
    programs = build / 'tests' / 'benchmark'
    bare = str(HERE / 'bare.py')
    if row.values:
        subject = [row.subject, row.values]
        return {'c': [programs / 'ours-items', *subject],
                'stock': [python, HERE / 'program.py', 'stock', *subject],
                'raw': [programs / 'raw-items', *subject]}
    # A command of more than one word gets pipes.
    spec = 'popen//python=' + ('env %s' % python if row.pipes else python)
    if row.via:
        spec += '//via=master'
    subject = [row.subject, spec, row.source]
    ours = {'c': [programs / 'ours-gateway', *subject],
            'python': [python, HERE / 'program.py', 'ours', *subject],
            'javascript': ['gjs', '-m', HERE / 'program.js', *subject]}
    ours = {language: ours[language] for language in languages if language in row.languages}
    stock = {'stock': [python, HERE / 'program.py', 'stock', *subject]}
    kind = 'pipes' if row.pipes else 'socket'
    raw = {'raw': [programs / 'raw-gateway', row.subject, kind, python, bare]}
    return {**ours, **stock, **raw}


def environment_for(build):
    """The library and its bindings come from the build tree."""
    library = str(build / 'execnet-glib')
    added = {'GI_TYPELIB_PATH': library, 'LD_LIBRARY_PATH': library,
             'PYTHONPATH': str(ROOT / 'bindings' / 'python'),
             'GJS_PATH': str(ROOT / 'bindings' / 'gjs')}
    environment = dict(os.environ)
    for key, value in added.items():
        environment[key] = os.pathsep.join(filter(None, [value, environment.get(key)]))
    return environment


def measure(row, arguments, count, n_turns):
    """Gives {name: turns}, in seconds for each of the `count` times."""
    participants = []
    cores = os.sched_getaffinity(0)
    try:
        if row.one_core:
            os.sched_setaffinity(0, {max(cores)})
        named = commands(row, arguments.build, arguments.python, arguments.languages)
        for name, command in named.items():
            participants.append(Participant(name, command, environment_for(arguments.build)))
        # One turn more, to warm up.
        for turn in range(n_turns + 1):
            computed = {p.name: p.take_turn(count) for p in participants}
            if len(set(computed.values())) > 1:
                raise Failure('not all computed the same: %s' % computed)
        for participant in participants:
            participant.end()
    finally:
        os.sched_setaffinity(0, cores)
        for participant in participants:
            participant.kill()
    return {p.name: [seconds / count for seconds in p.turns[1:]] for p in participants}


def judge(row, language, times):
    """Gives what the row wants and gets, as [(text, whether it is reached)]."""
    judged = []
    if language == 'c':
        for goal in row.goals:
            ratio = goal.ratio(times)
            judged.append((goal.text % ratio, goal.is_reached(ratio)))
    return judged


def lines_of(row, turns):
    """Gives the row's lines of the table: one for each language."""
    times = {name: statistics.median(turns[name]) for name in turns}
    for language in LANGUAGES:
        if language not in times:
            continue
        ours = times[language]
        title = row.title if row.values else '%s, %s' % (row.title, LANGUAGES[language])
        yield {'row': title, 'unit': row.unit, 'ours': ours, 'stock': times['stock'],
               'raw': times['raw'], 'times_faster_than_stock': times['stock'] / ours,
               'part_of_raw_speed': times['raw'] / ours,
               'goals': judge(row, language, {**times, 'ours': ours}),
               'turns': {'ours': turns[language], 'stock': turns['stock'], 'raw': turns['raw']}}


def print_head():
    print('%-44s %9s %9s %9s %8s %7s  %s' % ('', 'ours', 'stock', 'raw', '/stock', '/raw', 'goals'))


def print_line(line):
    factor = {'ms': 1e3, 'µs': 1e6}[line['unit']]
    figures = ['%.4g' % (line[name] * factor) for name in ('ours', 'stock', 'raw')]
    goals = '; '.join('%s %s' % (text, 'reached' if reached else 'MISSED')
                      for text, reached in line['goals'])
    print('%-41s %2s %9s %9s %9s %7.1fx %6.2fx  %s' % (
        line['row'], line['unit'], *figures, line['times_faster_than_stock'],
        line['part_of_raw_speed'], goals), flush=True)


def parse_arguments():
    parser = argparse.ArgumentParser(
        description='Compare with execnet itself and with what the system can do at best.')
    parser.add_argument('--build', type=pathlib.Path, default=ROOT / '_build',
                        help='the build folder')
    parser.add_argument('--python', default=sys.executable,
                        help='the interpreter of the workers; it has execnet')
    parser.add_argument('--languages', type=lambda names: names.split(','),
                        default=list(LANGUAGES), help='c,python,javascript')
    parser.add_argument('--only', default='', metavar='TEXT',
                        help='measure only rows that have this in their title')
    parser.add_argument('--turns', type=int, help='how many turns each program has')
    parser.add_argument('--json', type=pathlib.Path, help='also write all that was measured here')
    parser.add_argument('--smoke', action='store_true',
                        help='the smallest numbers: says that everything works, not how fast')
    arguments = parser.parse_args()
    arguments.build = arguments.build.resolve()
    return arguments


def main():
    arguments = parse_arguments()
    lines = []
    print('Load average before: %.2f' % os.getloadavg()[0])
    print_head()
    for row in ROWS:
        if arguments.only not in row.title:
            continue
        count = row.smoke_count if arguments.smoke else row.count
        n_turns = 1 if arguments.smoke else arguments.turns or row.turns
        for line in lines_of(row, measure(row, arguments, count, n_turns)):
            if arguments.smoke:
                line['goals'] = []
            print_line(line)
            lines.append(line)
    if not lines:
        raise Failure("no row has '%s' in its title" % arguments.only)
    if arguments.json:
        arguments.json.write_text(json.dumps(lines, indent=1) + '\n')


if __name__ == '__main__':
    try:
        main()
    except Failure as failure:
        sys.exit('benchmark: %s' % failure)
