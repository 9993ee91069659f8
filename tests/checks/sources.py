#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Rules for every source file: length, licence lines, no paths of one machine, banned calls."""

import re

from tree import Report, ROOT, shown, source_files, text_of, without_comments

CODE = ('*.c', '*.h', '*.h.in', '*.c.in', '*.py', '*.js', '*.vala', '*.sh')
SCRIPTS = ('tests/run', 'examples/run', '.ci/run')
TEXTS = CODE + ('meson.build', 'meson_options.txt', '*.md', '*.toml', '*.in', '*.xml', 'NEWS')

LONGEST = 800
LICENCE = ('SPDX-FileCopyrightText: The execnet-glib authors',
           'SPDX-License-Identifier: LGPL-2.1-or-later')

# Home folders and the like: they mean something on one machine only.
MACHINE_PATH = re.compile(r'(?<![\w.~/-])/(?:root|home|work|Users)/[\w.]')

WRONG_CONTEXT = 'it always means the default main context; attach a source to the right one'
NO_WAITING = 'a test waits for the thing, not for time to pass'
BANNED = {
    'execnet-glib': {
        'g_idle_add': WRONG_CONTEXT,
        'g_timeout_add': WRONG_CONTEXT,
    },
    'tests': {
        'g_idle_add': WRONG_CONTEXT,
        'g_assert': 'it does not show the values; use g_assert_cmpint and its like',
        'g_usleep': NO_WAITING,
        'sleep': NO_WAITING,
        'usleep': NO_WAITING,
    },
}


def code_files():
    return source_files(*CODE) + [ROOT / name for name in SCRIPTS if (ROOT / name).exists()]


def too_long(path):
    count = text_of(path).count('\n')
    if count > LONGEST:
        yield '%s has %d lines; split it by subject (at most %d)' % (shown(path), count, LONGEST)


def no_licence(path):
    head = text_of(path)[:400]
    for line in LICENCE:
        if line not in head:
            yield '%s lacks "%s" at its top' % (shown(path), line)


def machine_paths(path):
    for number, line in enumerate(text_of(path).splitlines(), 1):
        match = MACHINE_PATH.search(line)
        if match:
            yield '%s:%d names a path of one machine: %s' % (shown(path), number, line.strip())


def banned_calls(path):
    code = without_comments(text_of(path))
    for name, why in BANNED[path.relative_to(ROOT).parts[0]].items():
        for match in re.finditer(r'\b%s(?:_seconds|_full|_once)?\s*\(' % name, code):
            number = code.count('\n', 0, match.start()) + 1
            yield '%s:%d calls %s: %s' % (shown(path), number, name, why)


def check(report, name, files, rule):
    report.point(name, len(files), (fault for path in files for fault in rule(path)))


def main():
    report = Report()
    check(report, 'no file is too long', code_files(), too_long)
    check(report, 'every file names its licence', code_files(), no_licence)
    check(report, 'no file names a path of one machine', source_files(*TEXTS), machine_paths)
    for folder in BANNED:
        check(report, 'no banned call in %s' % folder,
              source_files('*.c', '*.h', below=ROOT / folder), banned_calls)
    report.end()


if __name__ == '__main__':
    main()
