# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""execnet-glib's socket server, which does what execnet's does, and lets nobody in by accident."""

import os
import runpy

_FOLDER = os.path.dirname(os.path.abspath(__file__))
#: Where it is installed, and where it is in the source.
_PLACES = [os.path.normpath(os.path.join(_FOLDER, *parts)) for parts in (
    (os.pardir,) * 3 + ('socketserver.py',),
    (os.pardir,) * 5 + ('bootstrap', 'socketserver.py'))]


def main() -> None:
    for path in _PLACES:
        if os.path.exists(path):
            runpy.run_path(path, run_name='__main__')
            return
    raise SystemExit('The socket server of execnet-glib is not installed: there is no %s.'
                     % _PLACES[0])


if __name__ == '__main__':
    main()
