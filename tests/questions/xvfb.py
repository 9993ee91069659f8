# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A display that nobody sees."""

import os
import subprocess


class Display:
    """An X server of the test's own, as a context manager; its value is the display's name."""

    def __enter__(self):
        read_end, write_end = os.pipe()
        self.process = subprocess.Popen(
            ['Xvfb', '-displayfd', str(write_end), '-screen', '0', '1024x768x24',
             '-nolisten', 'tcp', '-noreset'],
            pass_fds=[write_end], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(write_end)
        # It says its number when it can be spoken to.
        with open(read_end, encoding='ascii') as answer:
            number = answer.readline().strip()
        if not number:
            raise RuntimeError('Xvfb does not start: status %s' % self.process.wait())
        return ':' + number

    def __exit__(self, *details):
        self.process.terminate()
        self.process.wait()
