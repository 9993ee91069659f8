#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A file of a layer includes only files of its own or a lower layer."""

import re

from tree import LAYERS, LIBRARY, Report, shown, source_files, text_of

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<execnet-glib/([^>]+)>)', re.MULTILINE)

# Generated or made of all layers at once: whoever includes them is above all of them.
ABOVE_ALL = ('execnet-glib.h',)
FREE = ('config.h',)


def layer_of_include(name):
    """The layer's number, None for what belongs to none, -1 for what can't be told."""
    name = name.removeprefix('execnet-glib/')
    first, slash, _ = name.partition('/')
    if slash and first in LAYERS:
        return LAYERS.index(first)
    if name in ABOVE_ALL:
        return len(LAYERS)
    return None if name in FREE else -1


def faults_of(path, layer):
    for match in INCLUDE.finditer(text_of(path)):
        name = match.group(1) or match.group(2)
        included = layer_of_include(name)
        if included is None or 0 <= included <= layer:
            continue
        why = ('is of no layer: write "layer/file.h"' if included < 0
               else 'is above the layer %s' % LAYERS[layer])
        yield '%s includes %s, which %s' % (shown(path), name, why)


def main():
    report = Report()
    for number, layer in enumerate(LAYERS):
        files = source_files('*.c', '*.h', '*.h.in', below=LIBRARY / layer)
        includes = sum(len(INCLUDE.findall(text_of(path))) for path in files)
        report.point('%s includes no higher layer' % layer, includes,
                     (fault for path in files for fault in faults_of(path, number)))
    folders = {path.parent.name for path in source_files('*.c', below=LIBRARY)}
    report.point('every file of C is in a layer', len(folders),
                 ('execnet-glib/%s is no layer' % name for name in sorted(folders - set(LAYERS))))
    report.end()


if __name__ == '__main__':
    main()
