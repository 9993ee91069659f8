#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An OpenSSH server of the tests' own, with keys of its own, on a loopback port.

As a module: `with Server(...) as server`. As a program it starts one, prints what
there is to know of it as lines NAME=VALUE and then an empty line, obeys the
commands that it reads (cut, freeze, thaw; it answers each with a line "done"),
and stops the server at the end of its input. Nothing stays behind.

Exit status 77, as for a skipped test, with the reason on stderr, where this
machine can't do what was asked for.
"""

import argparse
import contextlib
import ctypes
import fcntl
import getpass
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

TRIES = 20
SKIPPED = 77
PR_SET_CHILD_SUBREAPER = 36


class Unavailable(Exception):
    """This machine can't do what was asked for."""


def find_program(name):
    path = shutil.which(name, path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin')
    if path is None:
        raise Unavailable('there is no %s on this machine' % name)
    return path


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def children_of(pids):
    """The processes of all generations below these, the nearest first."""
    parents = {}
    for name in os.listdir('/proc'):
        with contextlib.suppress(OSError, IndexError):
            if name.isdigit():
                status = pathlib.Path('/proc', name, 'stat').read_text(errors='replace')
                parents[int(name)] = int(status.rpartition(')')[2].split()[1])
    found = list(pids)
    for pid in found:
        found.extend(child for child, parent in parents.items() if parent == pid)
    return found[len(pids):]


def signal_all(pids, number):
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def make_key(path, kind, passphrase=''):
    """`kind` as in "ed25519", or with a number of bits: "ecdsa-521"."""
    kind, _, bits = kind.partition('-')
    subprocess.run([find_program('ssh-keygen'), '-q', '-t', kind, *(['-b', bits] if bits else []),
                    '-N', passphrase, '-C', path.name, '-f', str(path)],
                   check=True, stdin=subprocess.DEVNULL)
    return path


@contextlib.contextmanager
def one_at_a_time():
    """Who changes the system's users gives up where another is doing it."""
    # Not one of our files: there may be several copies of them.
    folder = os.open('/etc', os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


class Account:
    """A user made for the test, who has a password; only root can make one."""

    def __init__(self, home):
        if os.geteuid() != 0:
            raise Unavailable('only root can make a user with a password')
        self.name = 'execnet-%d-%s' % (os.getpid(), secrets.token_hex(2))
        self.password = secrets.token_hex(8)
        with one_at_a_time():
            subprocess.run([find_program('useradd'), '-M', '-d', str(home), '-s', '/bin/sh',
                            self.name], check=True, stdin=subprocess.DEVNULL)
            subprocess.run([find_program('chpasswd')], check=True,
                           input='%s:%s\n' % (self.name, self.password), text=True)
        home.mkdir(mode=0o755)
        shutil.chown(home, self.name)

    def remove(self):
        with one_at_a_time():
            subprocess.run([find_program('userdel'), '-f', self.name], check=False,
                           stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Server:
    """`host_keys` and `user_keys` are types as for ssh-keygen; `config` is more lines for sshd.

    `passphrase` makes one more key, encrypted. `account` makes a user with a password,
    who can log in with it through PAM, asked directly or by keyboard-interactive."""

    def __init__(self, config=(), host_keys=('ed25519',), user_keys=('ed25519',),
                 passphrase=None, account=False, authorized=True, address='127.0.0.1'):
        self.sshd = find_program('sshd')
        self.address = address
        self.log = []
        self.process = None
        self.reader = None
        self.account = None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='execnet-sshd-'))
        self.folder.chmod(0o755)
        try:
            self.make_files(config, host_keys, user_keys, passphrase, account, authorized)
            self.start()
        except BaseException:
            self.stop()
            raise

    def make_files(self, config, host_keys, user_keys, passphrase, account, authorized):
        self.host_keys = {kind: make_key(self.folder / ('host_' + kind), kind)
                          for kind in host_keys}
        self.user_keys = {kind: make_key(self.folder / ('id_' + kind), kind)
                          for kind in user_keys}
        if passphrase is not None:
            self.user_keys['encrypted'] = make_key(self.folder / 'id_encrypted', 'ed25519',
                                                   passphrase)
        if account:
            self.account = Account(self.folder / 'home')
        self.user = self.account.name if self.account else getpass.getuser()
        keys = ''.join(pathlib.Path('%s.pub' % path).read_text()
                       for path in self.user_keys.values()) if authorized else ''
        (self.folder / 'authorized_keys').write_text(keys)
        self.config = list(config)

    def write_config(self, port):
        lines = self.config + [
            'ListenAddress %s' % self.address,
            'Port %d' % port,
            'PidFile none',
            'AuthorizedKeysFile %s' % (self.folder / 'authorized_keys'),
            'StrictModes no',
            'PermitRootLogin yes',
            'UsePAM %s' % ('yes' if self.account else 'no'),
            'PasswordAuthentication %s' % ('yes' if self.account else 'no'),
            'KbdInteractiveAuthentication %s' % ('yes' if self.account else 'no'),
            'UseDNS no',
            'PrintMotd no',
            'LogLevel VERBOSE',
        ] + ['HostKey %s' % path for path in self.host_keys.values()]
        path = self.folder / 'sshd_config'
        path.write_text('\n'.join(lines) + '\n')
        return path

    def write_client_files(self):
        """What a client needs: the known hosts, and a configuration that names the host "test"."""
        name = '[%s]:%d' % (self.address, self.port) if self.port != 22 else self.address
        (self.folder / 'known_hosts').write_text(''.join(
            '%s %s' % (name, pathlib.Path('%s.pub' % path).read_text())
            for path in self.host_keys.values()))
        lines = ['Host test', 'HostName %s' % self.address, 'Port %d' % self.port,
                 'User %s' % self.user, 'UserKnownHostsFile %s' % (self.folder / 'known_hosts'),
                 'GlobalKnownHostsFile /dev/null', 'StrictHostKeyChecking yes',
                 'IdentitiesOnly yes', 'IdentityAgent none']
        lines += ['IdentityFile %s' % path for kind, path in self.user_keys.items()
                  if kind != 'encrypted']
        (self.folder / 'ssh_config').write_text('\n'.join(lines) + '\n')

    def start(self):
        if os.geteuid() == 0:
            # Where the system keeps it, and lets it stay: other servers may be using it.
            os.makedirs('/run/sshd', mode=0o755, exist_ok=True)
        for _ in range(TRIES):
            self.port = free_port()
            if self.try_to_start():
                self.write_client_files()
                return
        raise RuntimeError('sshd does not start:\n' + ''.join(self.log))

    def try_to_start(self):
        """Another process may have taken the port meanwhile: False then."""
        config = self.write_config(self.port)
        self.process = subprocess.Popen([self.sshd, '-D', '-e', '-f', str(config)],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True, errors='replace')
        for line in self.process.stderr:
            self.log.append(line)
            if 'Server listening on' in line:
                self.reader = threading.Thread(target=self.read_log, daemon=True)
                self.reader.start()
                return True
        self.process.stderr.close()
        self.process.wait()
        if not any('bind' in line for line in self.log):
            raise RuntimeError('sshd does not start:\n' + ''.join(self.log))
        return False

    def read_log(self):
        with open(self.folder / 'log', 'w', buffering=1) as file:
            file.writelines(self.log)
            for line in self.process.stderr:
                self.log.append(line)
                file.write(line)

    def cut(self):
        """Ends all connections without a word, as when the machine they lead to is switched off."""
        signal_all(children_of([self.process.pid]), signal.SIGKILL)

    def freeze(self):
        signal_all([self.process.pid] + children_of([self.process.pid]), signal.SIGSTOP)

    def thaw(self):
        signal_all([self.process.pid] + children_of([self.process.pid]), signal.SIGCONT)

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            below = children_of([self.process.pid])
            signal_all([self.process.pid] + below, signal.SIGKILL)
            self.process.wait()
        if self.reader is not None:
            # The log ends with the last process that has it.
            self.reader.join(timeout=10)
            self.process.stderr.close()
        if self.account is not None:
            self.account.remove()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *details):
        self.stop()

    def facts(self):
        """What the program prints."""
        yield 'port', self.port
        yield 'address', self.address
        yield 'user', self.user
        yield 'folder', self.folder
        yield 'known_hosts', self.folder / 'known_hosts'
        yield 'ssh_config', self.folder / 'ssh_config'
        yield 'log', self.folder / 'log'
        yield 'pid', self.process.pid
        if self.account is not None:
            yield 'password', self.account.password
        for kind, path in self.user_keys.items():
            yield 'identity_' + kind, path
        for kind, path in self.host_keys.items():
            yield 'host_key_' + kind, path


def adopt_orphans():
    """What sshd's children leave behind becomes ours, and can be ended with us."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_all_children():
    while pids := children_of([os.getpid()]):
        signal_all(pids, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)


def serve(server):
    for name, value in server.facts():
        print('%s=%s' % (name, value))
    print(flush=True)
    for line in sys.stdin:
        {'cut': server.cut, 'freeze': server.freeze, 'thaw': server.thaw}[line.strip()]()
        print('done', flush=True)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--config', action='append', default=[], metavar='LINE',
                        help='one more line of the configuration, before ours')
    parser.add_argument('--host-key', action='append', metavar='TYPE')
    parser.add_argument('--user-key', action='append', metavar='TYPE')
    parser.add_argument('--passphrase', help='make one more key, encrypted with this')
    parser.add_argument('--account', action='store_true', help='make a user with a password')
    parser.add_argument('--no-authorized-keys', action='store_true')
    parser.add_argument('--address', default='127.0.0.1')
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    adopt_orphans()
    # Ctrl-C of a terminal reaches this process too; the end of the input ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Server(arguments.config, arguments.host_key or ['ed25519'],
                    arguments.user_key or ['ed25519'], arguments.passphrase, arguments.account,
                    not arguments.no_authorized_keys, arguments.address) as server:
            serve(server)
    except Unavailable as reason:
        print(reason, file=sys.stderr)
        sys.exit(SKIPPED)
    finally:
        end_all_children()


if __name__ == '__main__':
    main()
