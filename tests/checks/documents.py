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

DOCUMENTS = ('README.md', 'docs/getting-started.md')

# What a whole program of a language has in it; other blocks show a part of one.
WHOLE = {'c': '\nmain (', 'python': 'import Execnet', 'js': 'import Execnet'}
SAYS = '2\n'


def programs(document):
    """The whole programs of a document, by language."""
    blocks = re.findall(r'^```(\w+)\n(.*?)^```$', text_of(ROOT / document), re.MULTILINE | re.DOTALL)
    return {language: text for language, text in blocks
            if language in WHOLE and WHOLE[language] in text}


def check(report, document, runners):
    found = programs(document)
    faults = ['it has no whole program in %s' % language for language in WHOLE
              if language not in found]
    for language, text in found.items():
        try:
            said = runners[language](text)
            if said != SAYS:
                faults.append('its program in %s said %r, not %r' % (language, said, SAYS))
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
        for document in DOCUMENTS:
            check(report, document, runners)
    report.end()


if __name__ == '__main__':
    main()
