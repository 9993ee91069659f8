#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Say in the specification where and how an interpreter runs."""

import os
import tempfile

from gi.repository import Execnet as execnet


def describe():
    import os
    import sys
    return (os.getcwd(), os.environ.get('WHO'), os.nice(0), sys.dont_write_bytecode)


def show(spec):
    folder, who, niceness, no_bytecode = execnet.makegateway(spec).call(describe)
    print('In %s for %s, %d nicer than here, %s bytecode.'
          % ('the same folder' if folder == os.getcwd() else os.path.basename(folder),
             who or 'nobody', niceness - os.nice(0), 'without' if no_bytecode else 'with'))


show('popen//env:WHO=me')
show('popen//nice=5//dont_write_bytecode')
with tempfile.TemporaryDirectory() as folder:
    # The last folder of the path is made where it is missing.
    show('popen//dont_write_bytecode//chdir=%s' % os.path.join(folder, 'workplace'))
