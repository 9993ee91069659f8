# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Standard input and output belong to the protocol, whatever code does with them."""

import subprocess
import sys
import unittest

import interpreters
from driver import Worker


@interpreters.each_interpreter
class StandardOutput(interpreters.SharedWorker):

    def test_printing_harms_nothing(self):
        self.assertEqual(self.worker.run('''if 1:
            import sys
            for text in ('x', u'\\xe4\\u20ac', 'y' * 100000):
                sys.stdout.write(text)
                sys.stdout.write('\\n')
            print(u'\\u20ac')
            print('%s %s' % (1, 2))
            sys.stdout.writelines(['a', 'b'])
            sys.stdout.flush()
            sys.__stdout__.write('z')
            channel.send([sys.stdout.isatty(), sys.stdout.fileno()])
            '''), [[False, 1]])

    def test_whatever_the_locale(self):
        if self.is_jython:
            return
        environ = {'LC_ALL': 'POSIX', 'LANG': 'POSIX', 'PYTHONIOENCODING': 'ascii',
                   'PYTHONUTF8': '0', 'PYTHONCOERCECLOCALE': '0'}
        with Worker(self.python, environ=environ) as worker:
            self.assertEqual(worker.run(
                u'print(u"\xe4\u20ac")\nimport sys\n'
                u'sys.stdout.write(u"\\ud800")\nchannel.send(1)'), [1])

    def test_children_harm_nothing(self):
        self.assertEqual(self.worker.run('''if 1:
            import os, subprocess
            os.system('echo printed by a child')
            channel.send(subprocess.call(['sh', '-c', 'echo printed by a child; cat']))
            '''), [0])

    def test_descriptor_1_harms_nothing(self):
        if self.is_jython:
            return
        self.assertEqual(self.worker.run('''if 1:
            import os
            os.write(1, b'x' * 100000)
            os.close(1)
            again = os.open('/dev/null', os.O_WRONLY)
            os.write(1, b'y')
            channel.send(again)
            '''), [1])

    def test_printing_before_and_between_messages(self):
        for i in range(20):
            self.assertEqual(self.worker.run(
                'print("a")\nchannel.send(1)\nprint("b")\nchannel.send(2)\nprint("c")'), [1, 2])


@interpreters.each_interpreter
class StandardInput(interpreters.SharedWorker):

    def test_is_empty(self):
        sent = self.worker.run('''if 1:
            import os, subprocess, sys
            channel.send([sys.stdin.read(), sys.stdin.readline()])
            channel.send(subprocess.Popen(['cat'], stdin=None,
                                          stdout=subprocess.PIPE).communicate()[0] == b'')
            ''')
        self.assertEqual(sent, [['', ''], True])

    def test_children_do_not_hold_the_connection(self):
        # The initiator sees the end although a child lives on.
        if self.is_jython:
            return
        with Worker(self.python) as worker:
            pid = worker.run('''if 1:
                import subprocess
                child = subprocess.Popen(['sleep', '1000'], close_fds=False)
                channel.send(child.pid)
                ''')[0]
            try:
                worker.process.kill()
                with self.assertRaises(Exception) as raised:
                    worker.read(1)
                self.assertEqual(type(raised.exception).__name__, 'Ended')
            finally:
                subprocess.run(['kill', str(pid)], check=True)


class StandardError(unittest.TestCase):

    def test_goes_to_the_initiator(self):
        with Worker([sys.executable], stderr=subprocess.PIPE) as worker:
            worker.run('import sys, os\nsys.stderr.write("by code\\n")\n'
                       'os.system("echo by a child >&2")')
            worker.end_input()
            self.assertEqual(worker.process.stderr.read(), b'by code\nby a child\n')


if __name__ == '__main__':
    interpreters.main()
