# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files on the worker's channels."""

import unittest

import interpreters
from driver import CLOSE_ERROR, LAST_MESSAGE
from file_table import READING, RUN, WRITING, has_bytes


@interpreters.each_interpreter
class Files(interpreters.SharedWorker):

    def rows(self, table):
        for name, row in table.items():
            # There the type str is both.
            if not (self.is_python_2 and has_bytes(row)):
                with self.subTest(name):
                    yield row

    def test_reading(self):
        for items, calls, results in self.rows(READING):
            channel = self.worker.execute(
                RUN + 'channel.send(run(channel.makefile("r"), %r))' % (calls,))
            for item in items:
                self.worker.give(channel, item)
            self.worker.send(LAST_MESSAGE, channel)
            self.assertEqual(self.worker.take(channel), results)
            self.worker.take_end(channel)

    def test_writing(self):
        for calls, results, items in self.rows(WRITING):
            taken = self.worker.run(
                RUN + 'channel.send(run(channel.makefile(), %r))' % (calls,))
            self.assertEqual(taken, items + [results])

    def test_closing_the_channel(self):
        for mode in 'rw':
            channel = self.worker.execute('''if 1:
                c = channel.gateway.newchannel()
                channel.send(c)
                with c.makefile(%r, proxyclose=True) as file:
                    channel.send(c.isclosed())
                channel.send([file.closed, c.isclosed()])
                try:
                    file.write(u'x') if file.mode == 'w' else file.read()
                except EnvironmentError:
                    channel.send('w')
                except ValueError:
                    channel.send('r')
                ''' % mode)
            number = self.worker.take(channel).id
            self.assertIs(self.worker.take(channel), False)
            self.assertEqual(self.worker.take(channel), [True, True])
            self.assertEqual(self.worker.take(channel), mode)
            self.worker.take_end(number)
            self.worker.take_end(channel)

    def test_an_error_between_pieces(self):
        channel = self.worker.execute('''if 1:
            c = channel.gateway.newchannel()
            channel.send(c)
            file = c.makefile('r')
            try:
                file.read()
            except c.RemoteError as error:
                channel.send(str(error))
            channel.send(file.read())
            ''')
        number = self.worker.take(channel).id
        self.worker.give(number, u'not ')
        self.worker.give(number, u'lost')
        self.worker.send(CLOSE_ERROR, number, u'because')
        self.assertEqual(self.worker.take(channel), 'because')
        self.assertEqual(self.worker.take(channel), 'not lost')
        self.worker.take_end(channel)

    def test_many_lines_of_one_item(self):
        # Each costs its own length, not that of the item.
        channel = self.worker.execute(
            'channel.send(sum(1 for line in channel.makefile("r")))')
        self.worker.give(channel, u'x\n' * 500000)
        self.worker.send(LAST_MESSAGE, channel)
        self.assertEqual(self.worker.take(channel), 500000)
        self.worker.take_end(channel)

    def test_print(self):
        self.assertEqual(''.join(self.worker.run('''if 1:
            import sys
            out, sys.stdout = sys.stdout, channel.makefile()
            try:
                print(u'hello')
            finally:
                sys.stdout = out
            ''')), 'hello\n')

    def test_unknown_mode(self):
        self.assertIn('not', self.worker.run('''if 1:
            try:
                channel.makefile('rw')
            except ValueError as error:
                channel.send(str(error))
            ''')[0])


if __name__ == '__main__':
    interpreters.main()
