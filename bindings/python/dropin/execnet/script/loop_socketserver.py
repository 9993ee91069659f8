# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The socket server, which needs nobody to start it again for the next client."""

from execnet.script.socketserver import main

if __name__ == '__main__':
    main()
