# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the checks share: the files of the source tree, and reporting as TAP."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIBRARY = ROOT / 'execnet-glib'
LAYERS = ('base', 'data', 'transport', 'engine', 'objects', 'collections')


def is_ours(path):
    """Build folders, caches and what begins with a dot are not part of the tree."""
    parts = path.relative_to(ROOT).parts
    return not any(part.startswith(('_build', '__pycache__', '.git')) for part in parts)


def source_files(*patterns, below=ROOT):
    """All files of the tree below a folder that fit one of the patterns, sorted."""
    found = {path for pattern in patterns for path in below.rglob(pattern)
             if path.is_file() and is_ours(path)}
    return sorted(found)


def text_of(path):
    return path.read_text(encoding='utf-8')


def shown(path):
    return str(path.relative_to(ROOT))


def without_comments(text):
    """C source with comments and string contents blanked, lines kept."""
    def blank(match):
        found = match.group(0)
        if found[0] == '"':
            return '""'
        return ' ' + '\n' * found.count('\n')
    return re.sub(r'"(?:\\.|[^"\\\n])*"|/\*.*?\*/|//[^\n]*', blank, text, flags=re.DOTALL)


class Report:
    """Collects points and writes them as TAP; a point that looked at nothing fails."""

    def __init__(self):
        self.count = 0
        self.all_well = True

    def point(self, name, looked_at, faults):
        """One point: how many things were looked at, and what is wrong with them."""
        self.count += 1
        faults = list(faults)
        if not looked_at:
            faults.append('there was nothing to check')
        print('%s %d %s' % ('not ok' if faults else 'ok', self.count, name))
        for fault in faults:
            for line in str(fault).splitlines():
                print('# ' + line)
        sys.stdout.flush()
        if faults:
            self.all_well = False

    def end(self):
        print('1..%d' % self.count)
        sys.exit(0 if self.all_well else 1)
