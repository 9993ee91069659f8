#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Adds up what tests/run left in a folder, and prints the sum as the last line.

The folder has `builds` (a name to a line), `logs/NAME.json` (meson's test log
of each build that came up) and `left-behind` (processes that still ran).

A test is one point of a program that reports points (TAP), or one program that
does not. A skip needs a reason, or it is a failure.
"""

import json
import os
import re
import sys

POINT = re.compile(r'^(not )?ok\b[^#]*(?:#\s*(SKIP|TODO)\b\S*\s*(.*))?$', re.IGNORECASE)
PLAN = re.compile(r'^1\.\.(\d+)(?:\s*#\s*SKIP\b\S*\s*(.*))?\s*$', re.IGNORECASE)
BAD = ('FAIL', 'ERROR', 'TIMEOUT', 'INTERRUPT', 'UNEXPECTEDPASS')
LOG_LINES = 200


class Sum:
    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.skipped = 0

    def fail(self, name, why=''):
        self.failed += 1
        print('FAILED: %s%s' % (name, ': ' + why if why else ''))

    def skip(self, name, reason):
        if reason:
            self.skipped += 1
            print('SKIPPED: %s: %s' % (name, reason))
        else:
            self.fail(name, 'it was skipped without a reason')


def parse_points(output):
    """Gives the program's points as (ok, directive, reason, line), or None when it reports none."""
    points = []
    plan = None
    for line in output.splitlines():
        match = PLAN.match(line)
        if match:
            plan = match
        match = POINT.match(line)
        if match:
            directive = (match.group(2) or '').upper()
            points.append((not match.group(1), directive, match.group(3) or '', line))
    if plan is None:
        return None
    if plan.group(1) == '0':
        return [(True, 'SKIP', plan.group(2) or '', 'everything')]
    return points


def last_line(text):
    lines = text.strip().splitlines()
    return lines[-1] if lines else ''


def add_program(total, name, test):
    """Adds one program's tests; tells whether all is well."""
    failed_before = total.failed
    output = test.get('stdout') or ''
    points = parse_points(output)
    bad = test['result'] in BAD

    if points is None:
        if bad:
            total.fail(name, test['result'])
        elif test['result'] == 'SKIP':
            total.skip(name, last_line(test.get('stderr') or '') or last_line(output))
        else:
            total.passed += 1
    else:
        for ok, directive, reason, line in points:
            if directive:
                total.skip('%s: %s' % (name, line.split('#')[0].strip()), reason)
            elif ok:
                total.passed += 1
            else:
                total.fail(name, line)
        if bad and total.failed == failed_before:
            total.fail(name, test['result'])
    return total.failed == failed_before


def print_log(name, test):
    print('\n---- %s: %s after %.1f s' % (name, test['result'], test['duration']))
    print(' '.join(test['command']))
    for stream in ('stdout', 'stderr'):
        lines = (test.get(stream) or '').splitlines()
        if len(lines) > LOG_LINES:
            print('(%s: %d lines, the last %d follow)' % (stream, len(lines), LOG_LINES))
        print('\n'.join(lines[-LOG_LINES:]))


def add_build(total, folder, build):
    path = os.path.join(folder, 'logs', build + '.json')
    if not os.path.exists(path):
        total.fail(build, 'it was not built, or no test of it ran; see above')
        return []
    with open(path, encoding='utf-8', errors='replace') as log:
        tests = [json.loads(line) for line in log]
    if not tests:
        total.fail(build, 'no test of it ran')
    failures = []
    for test in tests:
        name = '%s: %s' % (build, test['name'])
        if not add_program(total, name, test):
            failures.append((name, test))
    return failures


def add_left_behind(total, folder):
    with open(os.path.join(folder, 'left-behind'), encoding='utf-8') as file:
        text = file.read().strip()
    if text:
        total.fail('nothing is left behind', text)
    else:
        total.passed += 1


def main():
    folder = sys.argv[1]
    total = Sum()
    failures = []
    with open(os.path.join(folder, 'builds'), encoding='utf-8') as file:
        builds = file.read().split()
    for build in builds:
        failures += add_build(total, folder, build)
    add_left_behind(total, folder)
    for name, test in failures:
        print_log(name, test)
    print('%d passed, %d failed, %d skipped' % (total.passed, total.failed, total.skipped))
    return 0 if total.passed and not total.failed else 1


if __name__ == '__main__':
    sys.stdout.reconfigure(errors='backslashreplace')
    sys.exit(main())
