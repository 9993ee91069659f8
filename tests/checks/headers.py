#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the public headers promise: availability, documentation, and that it is there.

headers.py LIBRARY NM HEADER...: the built library, the nm program, and the
public headers, generated ones too.
"""

import pathlib
import re
import subprocess
import sys

from tree import LIBRARY, Report, source_files, text_of, without_comments

FUNCTION = re.compile(
    r'^(?P<macro>EXECNET_AVAILABLE_IN_\d+_\d+\s+)?'
    r'(?P<type>[A-Za-z_][\w ]*?[\s*]+)(?P<name>execnet_\w+)\s*\([^;{}]*\)[^;{}]*;',
    re.MULTILINE)
TYPE = re.compile(
    r'^(?P<macro>EXECNET_AVAILABLE_IN_\d+_\d+\s+)?'
    r'G_DECLARE_(?:FINAL|DERIVABLE)_TYPE\s*\(\s*\w+\s*,\s*(?P<name>execnet_\w+)', re.MULTILINE)
COMMENT = re.compile(r'/\*\*\n \* (\w+):.*?\*/', re.DOTALL)
GUARD = 'Only <execnet-glib/execnet-glib.h> can be included directly.'


def declared(text):
    """Yields (symbol, has an availability macro, is a type's get function) of a header."""
    code = re.sub(r'^\s*#.*(?:\\\n.*)*$', '', without_comments(text), flags=re.MULTILINE)
    for match in TYPE.finditer(code):
        yield match['name'] + '_get_type', bool(match['macro']), True
    for match in FUNCTION.finditer(code):
        if not match['type'].startswith('typedef'):
            yield match['name'], bool(match['macro']), match['name'].endswith('_get_type')


def exported(library, nm):
    output = subprocess.run([nm, '-D', '--defined-only', '--format=posix', library],
                            check=True, capture_output=True, encoding='utf-8').stdout
    return {line.split()[0].split('@')[0] for line in output.splitlines()}


def documented():
    """The names that have a doc comment with a Since line."""
    files = source_files('*.c', '*.h', '*.h.in', below=LIBRARY)
    return {match.group(1) for path in files for match in COMMENT.finditer(text_of(path))
            if re.search(r'^ \* Since: \d+\.\d+$', match.group(0), re.MULTILINE)}


def check_headers(report, headers):
    faults = []
    umbrella = text_of(LIBRARY / 'execnet-glib.h')
    for path in headers:
        text = text_of(path)
        if path.name == 'execnet-glib.h':
            continue
        if '#pragma once' not in text:
            faults.append('%s lacks #pragma once' % path.name)
        if path.name != 'execnet-enum-types.h' and GUARD not in text:
            faults.append('%s can be included directly' % path.name)
        if '/%s>' % path.name not in umbrella:
            faults.append('execnet-glib.h does not include %s' % path.name)
        if re.search(r'#\s*include\s*[<"][^>"]*-private\.h', text):
            faults.append('%s includes a private header, which is not installed' % path.name)
    names = {path.name for path in headers}
    faults += ['%s is public, but not in the build' % path.name
               for path in source_files('*.h', below=LIBRARY)
               if not path.name.endswith('-private.h') and path.name not in names]
    report.point('headers are included through execnet-glib.h', len(headers), faults)


def check_macros(report, symbols):
    report.point('every declaration has an availability macro', len(symbols),
                 ('%s has none' % name for name, available, _ in symbols if not available))


def check_documentation(report, symbols):
    known = documented()
    functions = [name for name, _, is_type in symbols if not is_type]
    report.point('every function has a doc comment with Since', len(functions),
                 ('%s has none' % name for name in functions if name not in known))


def check_exports(report, symbols, library, nm):
    promised = {name for name, _, _ in symbols}
    there = exported(library, nm)
    faults = ['%s is declared, but the library lacks it' % name
              for name in sorted(promised - there)]
    faults += ['%s is exported, but no header declares it' % name
               for name in sorted(there - promised)]
    report.point('the library exports what the headers declare, and nothing else',
                 len(there), faults)


def main():
    report = Report()
    library, nm = sys.argv[1:3]
    headers = [pathlib.Path(name) for name in sys.argv[3:]]
    symbols = [symbol for path in headers for symbol in declared(text_of(path))]
    check_headers(report, headers)
    check_macros(report, symbols)
    check_documentation(report, symbols)
    check_exports(report, symbols, library, nm)
    report.end()


if __name__ == '__main__':
    main()
