#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs that the documents show do what the documents say.

documents.py BUILD PREFIX MESON CC PKG-CONFIG
"""

import re
import sys
import tempfile

from installation import Failure, Installation
from tree import Report, ROOT, text_of

# What the whole programs of each document write, by language.
DOCUMENTS = {
    'README.md': {'c': '2\n', 'python': '2\n', 'js': '2\n'},
    'docs/getting-started.md': {'c': '2\n', 'python': '2\n', 'js': '2\n'},
    'docs/python.md': {'python': "{'spam': 2, 'eggs': 1}\n3\n"},
    'docs/groups.md': dict.fromkeys(('c', 'python', 'js'), '135\n'),
    'docs/mapping.md': dict.fromkeys(('c', 'python', 'js'), '3\n3\n5\n'),
    'docs/javascript-items.md': {'js': '3 0,0,0\n3\n'},
}

# What a whole program of a language has in it; other blocks show a part of one.
WHOLE = {'c': '\nmain (', 'python': 'import Execnet', 'js': 'import Execnet'}


def programs(document):
    """The whole programs of a document, by language."""
    blocks = re.findall(r'^```(\w+)\n(.*?)^```$', text_of(ROOT / document), re.MULTILINE | re.DOTALL)
    return {language: text for language, text in blocks
            if language in WHOLE and WHOLE[language] in text}


def check(report, document, expected, runners):
    found = programs(document)
    faults = ['it has no whole program in %s' % language for language in expected
              if language not in found]
    for language, text in found.items():
        try:
            said = runners[language](text)
            if said != expected.get(language):
                faults.append('its program in %s said %r' % (language, said))
        except Failure as failure:
            faults.append(failure)
    report.point('the programs of %s' % document, len(found), faults)


def main():
    build, prefix, meson, cc, pkg_config = sys.argv[1:]
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        there = Installation(folder, build, prefix, meson)
        runners = {
            'c': lambda text: there.run_c(text, cc, pkg_config),
            'python': there.run_python,
            'js': there.run_gjs,
        }
        for document, expected in DOCUMENTS.items():
            check(report, document, expected, runners)
    report.end()


if __name__ == '__main__':
    main()
