#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Sentences for the user reach the translators, and translations reach the user.

translations.py LIBRARY LOCALEDIR: the built library, and where it should look.
"""

import ctypes
import re
import subprocess
import sys

from tree import LIBRARY, Report, ROOT, shown, source_files, text_of, without_comments

MARKED = re.compile(r"""\b(?:(?:_|N_|C_|Q_|NC_|ngettext)\s*\(\s*["']|g_dngettext\s*\()""")
DOMAIN = 'execnet-glib'


def listed_files():
    lines = (ROOT / 'po' / 'POTFILES.in').read_text(encoding='utf-8').splitlines()
    return {line for line in lines if line and not line.startswith('#')}


def check_list(report):
    files = (source_files('*.c', '*.h', below=LIBRARY)
             + source_files('*.py', '*.js', below=ROOT / 'bindings'))
    marked = {shown(path) for path in files if MARKED.search(without_comments(text_of(path)))}
    listed = listed_files()
    faults = ['po/POTFILES.in lacks ' + name for name in sorted(marked - listed)]
    faults += ['po/POTFILES.in has %s, which has nothing to translate' % name
               for name in sorted(listed - marked)]
    report.point('po/POTFILES.in names the files that have sentences', len(files), faults)


def check_extraction(report):
    command = ['xgettext', '--from-code=UTF-8', '--keyword=_', '--keyword=N_', '--keyword=g_dngettext:2,3',
               '--directory=' + str(ROOT), '--output=-', *sorted(listed_files())]
    done = subprocess.run(command, capture_output=True, encoding='utf-8')
    faults = done.stderr.splitlines()
    if done.returncode:
        faults.append('xgettext ended with %d' % done.returncode)
    report.point('xgettext takes every sentence', done.stdout.count('\nmsgid "'), faults)


def check_domain(report, library, localedir):
    """Loading the library is enough for its sentences to be looked up in the right folder."""
    ctypes.CDLL(library)
    libc = ctypes.CDLL(None)
    libc.bindtextdomain.restype = ctypes.c_char_p
    bound = libc.bindtextdomain(DOMAIN.encode(), None).decode()
    report.point('the library looks for translations where they are installed', 1,
                 [] if bound == localedir else ['it looks in %s, not %s' % (bound, localedir)])


def main():
    report = Report()
    check_list(report)
    check_extraction(report)
    check_domain(report, sys.argv[1], sys.argv[2])
    report.end()


if __name__ == '__main__':
    main()
