#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stands in for Vagrant: answers as it does, and leads to the server of a test.

It has a machine `box`, one `far` that ssh can't reach by itself, and one `off`
that is not running. EXECNET_TEST_SSH_CONFIG is the file with the host `test`.
"""

import os
import sys


def fail(message):
    print(message, file=sys.stderr)
    sys.exit(1)


def options():
    """The server's, in Vagrant's own manner."""
    with open(os.environ['EXECNET_TEST_SSH_CONFIG'], encoding='utf-8') as file:
        known = dict(line.strip().split(' ', 1) for line in file)
    return {
        'HostName': known['HostName'],
        'User': known['User'],
        'Port': known['Port'],
        'UserKnownHostsFile': '/dev/null',
        'StrictHostKeyChecking': 'no',
        'PasswordAuthentication': 'no',
        'IdentityFile': known['IdentityFile'],
        'IdentitiesOnly': 'yes',
        'LogLevel': 'FATAL',
    }


def check_machine(name):
    if name not in ('box', 'far', 'off'):
        fail("The machine with the name '%s' was not found configured for\n"
             'this Vagrant environment.' % name)
    if name == 'off':
        fail('VM must be running to open SSH connection. Run `vagrant up`\n'
             'to start the virtual machine.')


def print_config(name):
    check_machine(name)
    if name == 'far':
        fail('The provider for this Vagrant-managed machine does not support ssh-config.')
    print('Host ' + name)
    for option in options().items():
        print('  %s %s' % option)
    print()


def run_client(name, arguments):
    check_machine(name)
    found = options()
    command = ['ssh', '%s@%s' % (found.pop('User'), found.pop('HostName'))]
    for option in found.items():
        command += ['-o', '%s=%s' % option]
    os.execvp('ssh', command + arguments)


def main():
    if len(sys.argv) == 3 and sys.argv[1] == 'ssh-config':
        print_config(sys.argv[2])
    elif len(sys.argv) > 4 and sys.argv[1] == 'ssh' and sys.argv[3] == '--':
        run_client(sys.argv[2], sys.argv[4:])
    else:
        fail('Usage: vagrant [options] <command> [<args>]')


if __name__ == '__main__':
    main()
