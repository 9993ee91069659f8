#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Questions of gateways behind ssh, asked and answered in Python.

The argument is who makes the connection: libssh2 or openssh."""

import pathlib
import subprocess
import sys
import threading
import unittest

from gi.repository import Execnet as execnet
from gi.repository import Gio, GLib

from server import Server, Unavailable

CLIENT = sys.argv.pop()
PATIENCE = 60
PASSPHRASE = 'open sesame'
HANDLED = Gio.MountOperationResult.HANDLED
ABORTED = Gio.MountOperationResult.ABORTED


class Person(Gio.MountOperation):
    """Notes what it is asked, and answers on a later turn of the loop."""

    def __init__(self, *answers):
        super().__init__()
        self.answers = list(answers)
        self.asked = []
        self.threads = set()
        self.n_aborted = 0
        self.on_asked = self.answer

    def do_ask_password(self, message, default_user, default_domain, flags):
        self.asked.append((message, flags))
        self.threads.add(threading.current_thread())
        self.later(self.on_asked)

    def do_ask_question(self, message, choices):
        self.asked.append((message, list(choices)))
        self.later(self.on_asked)

    def do_aborted(self):
        self.n_aborted += 1

    @staticmethod
    def later(function):
        source = GLib.idle_source_new()
        source.set_callback(lambda _: function())
        source.attach(None)

    def answer(self):
        answer = self.answers.pop(0) if self.answers else None
        if answer is None:
            self.reply(ABORTED)
        elif isinstance(answer, int):
            self.set_choice(answer)
            self.reply(HANDLED)
        else:
            self.set_password(answer)
            self.reply(HANDLED)


class Case(unittest.TestCase):
    """With an sshd where only an encrypted key fits."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(user_keys=(), passphrase=PASSPHRASE)
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        self.context = GLib.MainContext.default()
        self.group = execnet.Group()
        self.addCleanup(self.end)

    def end(self):
        self.group.terminate(PATIENCE)
        while self.context.iteration(False):
            pass

    def spec(self, options=''):
        return 'ssh=-i %s -o IdentitiesOnly=yes %s test//ssh_config=%s/ssh_config//ssh_client=%s' % (
            self.server.user_keys['encrypted'], options, self.server.folder, CLIENT)

    def set_person(self, *answers):
        person = Person(*answers)
        self.group.props.mount_operation = person
        return person

    def begin(self, spec=None, cancellable=None):
        """Begin to make a gateway; returns the list that its result will be in."""
        results = []
        self.group.make_gateway_async(spec or self.spec(), cancellable,
                                      lambda group, result: results.append(result))
        return results

    def finish(self, results):
        self.iterate_until(lambda: results)
        return self.group.make_gateway_finish(results[0])

    def iterate_until(self, condition):
        overdue = GLib.timeout_source_new_seconds(PATIENCE)
        overdue.set_callback(lambda _: True)
        overdue.attach(None)
        while not condition():
            self.context.iteration(True)
            self.assertEqual(overdue.get_ready_time() > GLib.get_monotonic_time(), True, 'overdue')
        overdue.destroy()

    def assert_works(self, gateway):
        channel = gateway.remote_exec('channel.send(1)')
        self.assertEqual(channel.receive(PATIENCE), 1)

    def assert_fails(self, code, function, *arguments):
        with self.assertRaises(GLib.Error) as raised:
            function(*arguments)
        self.assertTrue(raised.exception.matches(execnet.error_quark(), code), raised.exception)
        return raised.exception.message


class TestAsynchronous(Case):
    """The main loop runs while somebody is asked."""

    def test_passphrase(self):
        person = self.set_person(PASSPHRASE)
        gateway = self.finish(self.begin())
        self.assert_works(gateway)
        (message, flags), = person.asked
        heading, body = message.split('\n', 1)
        self.assertIn('test', heading)
        self.assertIn('id_encrypted', body)
        self.assertEqual(flags, Gio.AskPasswordFlags.NEED_PASSWORD)
        self.assertIsNone(person.get_password())
        self.assertEqual(person.threads, {threading.main_thread()})

    def test_wrong_once(self):
        person = self.set_person('close sesame', PASSPHRASE)
        self.assert_works(self.finish(self.begin()))
        self.assertEqual(len(person.asked), 2)

    def test_wrong_three_times(self):
        person = self.set_person('one', 'two', 'three', 'four')
        message = self.assert_fails(execnet.Error.AUTHENTICATION_FAILED, self.finish, self.begin())
        self.assertIn('test', message)
        self.assertEqual(len(person.asked), 3)

    def test_given_up(self):
        person = self.set_person()
        self.assert_fails(execnet.Error.AUTHENTICATION_FAILED, self.finish, self.begin())
        self.assertEqual(len(person.asked), 1)
        self.assertEqual(person.n_aborted, 0)

    def test_cancelled(self):
        cancellable = Gio.Cancellable()
        person = self.set_person()
        person.on_asked = cancellable.cancel
        with self.assertRaises(GLib.Error) as raised:
            self.finish(self.begin(cancellable=cancellable))
        self.assertTrue(raised.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED))
        self.iterate_until(lambda: person.n_aborted == 1)
        self.assertEqual(len(person.asked), 1)

    def test_terminated(self):
        person = self.set_person()
        person.on_asked = lambda: None
        results = self.begin()
        self.iterate_until(lambda: person.asked)
        self.group.terminate(PATIENCE)
        self.iterate_until(lambda: person.n_aborted == 1)
        self.assert_fails(execnet.Error.EXITING, self.finish, results)

    def test_two_at_once(self):
        """One question at a time, each with its own answer."""
        person = self.set_person(PASSPHRASE, PASSPHRASE)
        other = Server(user_keys=(), passphrase='another')
        self.addCleanup(other.stop)
        spec = 'ssh=-i %s -o IdentitiesOnly=yes test//ssh_config=%s/ssh_config//ssh_client=%s' % (
            other.user_keys['encrypted'], other.folder, CLIENT)
        shown = []

        def answer():
            shown.append(len(person.asked))
            message, _ = person.asked[-1]
            person.set_password('another' if str(other.folder) in message else PASSPHRASE)
            person.reply(HANDLED)

        person.on_asked = answer
        both = [self.begin(), self.begin(spec)]
        for results in both:
            self.assert_works(self.finish(results))
        self.assertEqual(shown, [1, 2])

    def test_handlers(self):
        """Of a plain operation, which take their time too."""
        operation = Gio.MountOperation()
        asked = []

        def on_ask(_operation, message, *_arguments):
            asked.append(message)
            Person.later(answer)

        def answer():
            operation.set_password(PASSPHRASE)
            operation.reply(HANDLED)

        operation.connect('ask-password', on_ask)
        self.group.set_mount_operation(operation)
        self.assertIs(self.group.get_mount_operation(), operation)
        self.assert_works(self.finish(self.begin()))
        self.assertEqual(len(asked), 1)


class TestHostKey(Case):
    def setUp(self):
        super().setUp()
        self.known = pathlib.Path(self.server.folder, self.id() + '-known')
        self.unknown_spec = self.spec('-o UserKnownHostsFile=%s -o StrictHostKeyChecking=ask'
                                      % self.known)

    def test_accepted_and_remembered(self):
        person = self.set_person(0, PASSPHRASE, PASSPHRASE)
        self.assert_works(self.finish(self.begin(self.unknown_spec)))
        (message, choices), _passphrase = person.asked
        self.assertIn('ED25519', message)
        printed = subprocess.run(
            ['ssh-keygen', '-l', '-f', str(self.server.host_keys['ed25519'])],
            stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertIn(printed.split()[1], message)
        self.assertEqual(len(choices), 2)
        self.assertTrue(self.known.read_text())
        self.group.terminate(PATIENCE)

        self.assert_works(self.finish(self.begin(self.unknown_spec)))
        self.assertEqual(len(person.asked), 3)

    def test_refused(self):
        for answer in 1, None:
            person = self.set_person(answer)
            self.assert_fails(execnet.Error.HOST_KEY_UNKNOWN, self.finish,
                              self.begin(self.unknown_spec))
            self.assertEqual(len(person.asked), 1)
            self.assertFalse(self.known.exists() and self.known.read_text())


class TestSynchronous(Case):
    """The thread that would be asked waits."""

    def answer_at_once(self, operation, *_arguments):
        operation.set_password(PASSPHRASE)
        operation.reply(HANDLED)

    def set_quick_person(self):
        operation = Gio.MountOperation()
        operation.connect('ask-password', self.answer_at_once)
        self.group.props.mount_operation = operation

    def test_at_once(self):
        self.set_quick_person()
        self.assert_works(self.group.makegateway(self.spec()))

    def test_at_once_many(self):
        self.set_quick_person()
        for gateway in self.group.makegateways([self.spec()] * 3):
            self.assert_works(gateway)

    def test_plain_call(self):
        self.set_quick_person()
        gateway = self.group.make_gateway(self.spec(), None)
        self.assert_works(gateway)

    def test_not_at_once(self):
        person = self.set_person(PASSPHRASE)
        person.on_asked = lambda: None
        with self.assertRaisesRegex(OSError, 'asynchronous'):
            self.group.makegateway(self.spec())
        self.assertEqual((len(person.asked), person.n_aborted), (1, 1))

    def test_not_at_once_many(self):
        person = self.set_person(PASSPHRASE)
        person.on_asked = lambda: None
        with self.assertRaisesRegex(OSError, 'asynchronous'):
            self.group.makegateways([self.spec()] * 2)
        self.assertEqual(len(person.asked), person.n_aborted)

    def test_behind_another_question(self):
        """About the same host: whoever shares the connection shares the question."""
        person = self.set_person(PASSPHRASE)
        person.on_asked = lambda: None
        results = self.begin()
        self.iterate_until(lambda: person.asked)
        with self.assertRaisesRegex(OSError, 'asynchronous'):
            self.group.makegateway(self.spec())
        self.assertEqual((len(person.asked), person.n_aborted), (1, 0))
        person.answer()
        self.assert_works(self.finish(results))

    def test_nobody(self):
        with self.assertRaisesRegex(OSError, 'id_encrypted.*mount-operation'):
            self.group.makegateway(self.spec())
        self.assertEqual(
            self.assert_fails(execnet.Error.NEEDS_INTERACTION, self.group.make_gateway,
                              self.spec(), None).count('mount-operation'), 1)

    def test_in_another_thread(self):
        """The main loop runs here meanwhile."""
        person = self.set_person(PASSPHRASE)
        gateways = []
        thread = threading.Thread(
            target=lambda: gateways.append(self.group.makegateway(self.spec())))
        thread.start()
        self.iterate_until(lambda: not thread.is_alive() or person.asked)
        self.iterate_until(lambda: person.get_password() is None and not person.answers)
        thread.join(PATIENCE)
        self.assert_works(gateways[0])
        self.assertEqual(person.threads, {threading.main_thread()})


class TestPassword(Case):
    """Through PAM."""

    @classmethod
    def setUpClass(cls):
        try:
            cls.server = Server(user_keys=(), account=True)
        except Unavailable as reason:
            raise unittest.SkipTest(str(reason)) from None
        cls.addClassCleanup(cls.server.stop)
        cls.password = cls.server.account.password

    def spec(self, options=''):
        return ('ssh=-o PubkeyAuthentication=no %s test//ssh_config=%s/ssh_config//ssh_client=%s'
                % (options, self.server.folder, CLIENT))

    def test_password(self):
        person = self.set_person('wrong', self.password)
        self.assert_works(self.finish(
            self.begin(self.spec('-o PreferredAuthentications=password'))))
        self.assertEqual(len(person.asked), 2)
        self.assertIn(self.server.user, person.asked[0][0])

    def test_keyboard_interactive(self):
        person = self.set_person(self.password)
        self.assert_works(self.finish(
            self.begin(self.spec('-o PreferredAuthentications=keyboard-interactive'))))
        (message, _), = person.asked
        self.assertIn('Password:', message)

    def test_wrong_three_times(self):
        person = self.set_person('one', 'two', 'three', 'four')
        self.assert_fails(execnet.Error.AUTHENTICATION_FAILED, self.finish, self.begin(
            self.spec('-o PreferredAuthentications=password')))
        self.assertEqual(len(person.asked), 3)


if __name__ == '__main__':
    unittest.main()
