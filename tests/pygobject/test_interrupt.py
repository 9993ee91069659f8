# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Ctrl-C ends a call that waits, at once, and nothing is lost by it."""

import os
import signal
import time
import unittest

from support import LONG, interrupt_when_blocked, program, wait_for_end, wait_until_blocked

# Far less than any time-out in the calls below.
AT_ONCE = 5

CALLS = {
    'receive': 'gateway.newchannel().receive()',
    'receive with a time-out': 'gateway.newchannel().receive(1000)',
    'iteration': 'next(iter(gateway.newchannel()))',
    'waitclose': 'gateway.newchannel().waitclose()',
    'waitclose with a time-out': 'gateway.newchannel().waitclose(1000)',
    'waitclose with a callback': 'channel.setcallback(print); channel.waitclose()',
    'join': 'gateway.join()',
    'join with a time-out': 'gateway.join(1000)',
    'terminate': 'execnet.default_group.terminate()',
    'send': 'stopped.send(b"x" * 50000000)',
    'call': 'gateway.call("def f(): import time; time.sleep(1000)")',
    'remote_status': 'stopped.gateway.remote_status()',
    '_rinfo': 'stopped.gateway._rinfo(update=True)',
    'makegateway': '''execnet.makegateway("popen//python=sh -c 'exec sleep 1000'")''',
}

PROGRAM = '''
    import signal, time
    gateway = execnet.makegateway()
    channel = gateway.newchannel()
    stopped = execnet.makegateway().newchannel()
    os.kill(stopped.gateway._rinfo().pid, signal.SIGSTOP)
    print('waiting', flush=True)
    try:
        {call}
    except KeyboardInterrupt:
        print('interrupted', flush=True)
    else:
        print('not interrupted', flush=True)
    os.kill(stopped.gateway._rinfo().pid, signal.SIGCONT)
    execnet.default_group.terminate(0.1)
    print('ended')
'''


class InterruptTest(unittest.TestCase):
    def test_calls(self):
        for name, call in CALLS.items():
            with self.subTest(call=name), program(PROGRAM.format(call=call)) as process:
                interrupt_when_blocked(process)
                start = time.monotonic()
                self.assertEqual(process.stdout.readline(), 'interrupted\n')
                self.assertLess(time.monotonic() - start, AT_ONCE)
                self.assertEqual(process.stdout.readline(), 'ended\n')
                self.assertEqual(process.wait(LONG), 0)

    def test_making_a_gateway_leaves_nothing(self):
        with program('''
            # An interpreter that says who it is, and then nothing.
            spec = execnet.XSpec('popen')
            spec.python = "sh -c 'echo $$ >&2; exec sleep 1000'"
            before = set(os.listdir('/proc/self/fd'))
            print('waiting', flush=True)
            try:
                execnet.makegateway(spec)
            except KeyboardInterrupt:
                pass
            print(len(execnet.default_group), set(os.listdir('/proc/self/fd')) - before)
            try:
                os.waitpid(-1, os.WNOHANG)
                print('a child is left')
            except ChildProcessError:
                print('no child')
        ''', stderr=-1) as process:
            # Once the interpreter has spoken the call waits for it.
            pid = int(process.stderr.readline())
            interrupt_when_blocked(process)
            output, errors = process.communicate(timeout=LONG)
        self.assertEqual((output.splitlines()[1:], errors), (['no child'], ''))
        self.assertTrue(output.startswith('0 '))
        wait_for_end(pid)

    def test_no_item_is_lost(self):
        # The signal may come at any moment: while waiting, taking, or decoding.
        with program('''
            import signal
            class Tick(Exception):
                pass
            def on_tick(number, frame):
                raise Tick
            channel = execnet.makegateway().remote_exec("""
                for i in range(20000):
                    channel.send((i, 'x' * 500, list(range(20))))
            """)
            receive = type(channel).receive
            received, n_ticks = [], 0
            signal.signal(signal.SIGALRM, on_tick)
            while n_ticks < 500 and len(received) < 20000:
                try:
                    # Out of step with what it may hit.
                    signal.setitimer(signal.ITIMER_REAL, 0.00001 + n_ticks * 0.000001)
                    while len(received) < 20000:
                        # What was returned is in the list before Python looks for signals.
                        received.extend(map(receive, (channel,)))
                except Tick:
                    n_ticks += 1
            signal.setitimer(signal.ITIMER_REAL, 0)
            numbers = [item[0] for item in received]
            print(numbers == list(range(len(numbers))), n_ticks > 100, len(numbers) > 100)
        ''') as process:
            output, _ = process.communicate(timeout=LONG)
        self.assertEqual(output, 'True True True\n')

    def test_the_workers_get_it_too(self):
        # The call is interrupted and ends with an error, both at once.
        for call in ('channel.receive()', 'channel.waitclose()'):
            with self.subTest(call=call), program('''
                gateway = execnet.makegateway()
                channel = gateway.remote_exec('channel.send(1); import time; time.sleep(1000)')
                channel.receive()
                print(gateway._rinfo().pid, flush=True)
                print('waiting', flush=True)
                try:
                    %s
                except (KeyboardInterrupt, execnet.RemoteError) as error:
                    print(type(error).__name__, flush=True)
            ''' % call) as process:
                worker = int(process.stdout.readline())
                self.assertEqual(process.stdout.readline(), 'waiting\n')
                wait_until_blocked(process)
                os.kill(worker, signal.SIGINT)
                process.send_signal(signal.SIGINT)
                output, _ = process.communicate(timeout=LONG)
                # The error may win; then the interruption comes behind it.
                self.assertIn(output, ('KeyboardInterrupt\n', 'RemoteError\n', ''))
                self.assertIn(process.returncode, (0, -signal.SIGINT))

    def test_unhandled(self):
        with program('''
            gateway = execnet.makegateway()
            print(gateway._rinfo().pid, flush=True)
            print('waiting', flush=True)
            gateway.newchannel().receive()
        ''', stderr=-1) as process:
            worker = int(process.stdout.readline())
            interrupt_when_blocked(process)
            _, errors = process.communicate(timeout=LONG)
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.assertTrue(errors.rstrip().endswith('KeyboardInterrupt'), errors)
        wait_for_end(worker)


if __name__ == '__main__':
    unittest.main()
