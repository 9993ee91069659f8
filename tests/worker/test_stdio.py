# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Standard input and output belong to the protocol, whatever code does with them."""

import subprocess
import sys
import unittest

import interpreters
from driver import CLOSE, DATA, OUTPUT, Ended, Worker


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


PRINTING = u'''if 1:
    import os, subprocess, sys
    print(u"f\\xfcnf \\u20ac")
    sys.stdout.write('%s %s\\n' % (1, 2))
    sys.stdout.writelines(['a', 'b\\n'])
    sys.stderr.write(u'err\\xf6r\\n')
    channel.send([sys.stdout.isatty(), sys.stdout.fileno(), sys.stderr.fileno()])
    '''
PRINTED = u'f\xfcnf \u20ac\n1 2\nab\n'.encode('utf-8')
OTHER_LOCALE = {'LC_ALL': 'POSIX', 'LANG': 'POSIX', 'PYTHONUTF8': '0', 'PYTHONCOERCECLOCALE': '0'}


@interpreters.each_interpreter
class WantedOutput:

    def test_inherited(self):
        with Worker(self.python, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                    environ=OTHER_LOCALE, output=u'inherited') as worker:
            self.assertEqual(worker.run(PRINTING), [[False, 1, 2]])
            self.assertEqual(
                worker.run('import os; channel.send(os.system("echo of a child"))'), [0])
            worker.end_input()
            self.assertEqual(worker.process.stdout.read(), PRINTED + b'of a child\n')
            self.assertEqual(worker.process.stderr.read(), u'err\xf6r\n'.encode('utf-8'))

    def outputs(self, worker):
        """Lets the code run to its end, then the worker; gives what was printed to 1 and 2, and the
        items."""
        printed = {1: b'', 2: b''}
        items = []
        try:
            while True:
                message = worker.next()
                if message.code == OUTPUT:
                    printed[message.channel] += message.item
                elif message.code == DATA:
                    items.append(message.item)
                else:
                    self.assertEqual(message.code, CLOSE)
                    worker.end_input()
        except Ended:
            return printed[1], printed[2], items

    def test_by_messages(self):
        with Worker(self.python, pipes=True, environ=OTHER_LOCALE, output=u'both') as worker:
            worker.execute(PRINTING)
            self.assertEqual(self.outputs(worker),
                             (PRINTED, u'err\xf6r\n'.encode('utf-8'), [[False, 1, 2]]))

    def test_stdout_by_messages(self):
        with Worker(self.python, pipes=True, stderr=subprocess.PIPE, output=u'stdout') as worker:
            worker.execute(PRINTING)
            self.assertEqual(self.outputs(worker), (PRINTED, b'', [[False, 1, 2]]))
            self.assertEqual(worker.process.stderr.read(), u'err\xf6r\n'.encode('utf-8'))

    def test_a_child_that_lives_on_does_not_hold_the_worker(self):
        if self.is_jython:
            return
        with Worker(self.python, output=u'both') as worker:
            worker.execute('''if 1:
                import os, subprocess
                os.write(1, b'before')
                os.system('echo of a child')
                child = subprocess.Popen(['sleep', '1000'])
                channel.send(child.pid)
                ''')
            out, _, (pid,) = self.outputs(worker)
            subprocess.run(['kill', str(pid)], check=True)
            self.assertEqual(out, b'beforeof a child\n')
            self.assertEqual(worker.wait()[0], 0)

    def test_much(self):
        with Worker(self.python, output=u'stdout') as worker:
            worker.execute('import sys\nfor i in range(3000):\n'
                           ' sys.stdout.write("%0999d\\n" % i)\n channel.send(i)')
            out, _, items = self.outputs(worker)
            self.assertEqual(out, b''.join(b'%0999d\n' % i for i in range(3000)))
            self.assertEqual(items, list(range(3000)))


if __name__ == '__main__':
    interpreters.main()
