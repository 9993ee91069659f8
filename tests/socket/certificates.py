#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes certificates with openssl in the folder that is named: each file NAME.pem has a certificate
and its key; `authority` has signed the others."""

import os
import subprocess
import sys

CONFIGURATION = '''
[ca]
default_ca = tests
[tests]
database = %(folder)s/index
new_certs_dir = %(folder)s
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
'''

LOCAL = 'DNS:localhost,IP:127.0.0.1'
# name: (the names that it is for, its first and last day)
SIGNED = {
    'server': (LOCAL, '20200101000000Z', '20991231000000Z'),
    'elsewhere': ('DNS:elsewhere.example', '20200101000000Z', '20991231000000Z'),
    'expired': (LOCAL, '20200101000000Z', '20200102000000Z'),
    'future': (LOCAL, '20980101000000Z', '20991231000000Z'),
}


def openssl(*arguments):
    subprocess.run(['openssl'] + list(arguments), check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def make(folder):
    def path(name):
        return os.path.join(folder, name)

    def join(name):
        with open(path(name + '.pem'), 'w') as joined:
            for part in ('.crt', '.key'):
                with open(path(name + part)) as file:
                    joined.write(file.read())

    key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    with open(path('configuration'), 'w') as file:
        file.write(CONFIGURATION % {'folder': folder})
    open(path('index'), 'w').close()
    for name, subject in (('authority', '/CN=Tests'), ('stranger', '/CN=localhost')):
        openssl('req', '-x509', *key, '-keyout', path(name + '.key'), '-out', path(name + '.crt'),
                '-days', '3650', '-subj', subject, '-addext', 'subjectAltName=' + LOCAL)
        join(name)
    for name, (names, first, last) in SIGNED.items():
        openssl('req', *key, '-keyout', path(name + '.key'), '-out', path(name + '.csr'),
                '-subj', '/CN=' + name, '-addext', 'subjectAltName=' + names)
        openssl('ca', '-batch', '-notext', '-config', path('configuration'),
                '-cert', path('authority.crt'), '-keyfile', path('authority.key'),
                '-startdate', first, '-enddate', last,
                '-in', path(name + '.csr'), '-out', path(name + '.crt'))
        join(name)


if __name__ == '__main__':
    make(sys.argv[1])
