# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""What remote code prints, as lines here."""

import subprocess
import sys
import unittest

from gi.repository import GLib

from support import Case, LONG, run


class OutputTest(Case):
    def listen(self, spec):
        """Make a gateway; returns it and the lists of lines: of stdout, of stderr."""
        gateway = self.makegateway(spec)
        lines = ([], [])
        gateway.connect('output', lambda gw, line, is_stderr: lines[is_stderr].append(line))
        self.closed = False
        gateway.connect('closed', self.on_closed)
        return gateway, lines

    def on_closed(self, gateway, error):
        self.closed = True

    def iterate_until_closed(self):
        ticks = GLib.timeout_add_seconds(LONG, self.fail)
        while not self.closed:
            GLib.MainContext.default().iteration(True)
        GLib.source_remove(ticks)

    def print_and_end(self, spec):
        gateway, lines = self.listen(spec)

        def printing(channel):
            import os
            import sys
            for i in range(100):
                print(i, end=' \xfc\n')
            os.system('echo by a child; echo wrong by a child >&2')
            sys.stderr.write('wrong')
            sys.stdout.write('no end of the line')

        gateway.remote_exec(printing).waitclose(LONG)
        gateway.exit()
        self.iterate_until_closed()
        self.assertEqual(lines[0], ['%d \xfc' % i for i in range(100)]
                         + ['by a child', 'no end of the line'])
        self.assertEqual(lines[1], ['wrong by a child', 'wrong'])
        self.assertEqual(gateway.get_n_lost_lines(), 0)

    def test_lines(self):
        self.print_and_end('popen//capture_output')

    def test_behind_a_wrapper(self):
        self.print_and_end('popen//capture_output//python=env %s' % sys.executable)

    def test_crash(self):
        gateway, lines = self.listen('popen//capture_output')
        channel = gateway.remote_exec('import os; print("last words"); os.abort()')
        self.assertRaises(EOFError, channel.receive, LONG)
        self.iterate_until_closed()
        self.assertEqual(lines[0], ['last words'])

    def test_the_attribute(self):
        spec = self.execnet.XSpec('popen')
        spec.capture_output = True
        gateway, lines = self.listen(spec)
        gateway.remote_exec('print(1)').waitclose(LONG)
        gateway.exit()
        self.iterate_until_closed()
        self.assertEqual(lines[0], ['1'])

    def test_nobody_reads(self):
        gateway, lines = self.listen('popen//capture_output')
        channel = gateway.remote_exec('''
for i in range(20000):
    print('x' * 999)
channel.send(i)
''')
        self.assertEqual(channel.receive(LONG), 19999)
        channel.waitclose(LONG)
        self.assertEqual(lines, ([], []))

    def test_by_default(self):
        status, output = run('''
            gateway = execnet.makegateway()
            gateway.remote_exec('import os, sys; print("no"); os.system("echo no");'
                                'sys.stderr.write("yes\\\\n"); os.system("echo yes >&2")').waitclose()
            ''', stderr=subprocess.STDOUT)
        self.assertEqual((status, output), (0, 'yes\nyes\n'))


if __name__ == '__main__':
    unittest.main()
