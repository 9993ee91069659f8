# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""RSync makes the same copy as that of stock execnet, and copies what has changed."""

import os
import shutil
import stat
import sys
import tempfile
import unittest

from support import run

COPY = '''
import sys
import execnet

class Copier(execnet.RSync):
    def filter(self, path):
        return not path.endswith('.skipped')

    def _report_send_file(self, gateway, path):
        print('sends', path.encode('utf-8', 'surrogateescape'))

source, interpreter, *destinations = sys.argv[1:]
copier = Copier(source)
group = execnet.Group()
for destination in destinations:
    gateway = group.makegateway('popen//python=' + interpreter)
    copier.add_target(gateway, destination, finishedcallback=lambda: print('finished'),
                      delete=destination.endswith('exact'))
copier.send()
try:
    copier.send()
except OSError:
    print('no target')
group.terminate(5)
'''


def tree(folder):
    """Return what is in a folder: kind, permissions, and content or target, by path."""
    found = {}
    for path, folders, files in os.walk(folder):
        for name in ['.'] + folders + files:
            here = os.path.join(path, name)
            status = os.lstat(here)
            key = os.path.relpath(here, folder)
            if stat.S_ISLNK(status.st_mode):
                found[key] = 'link', os.readlink(here)
            elif stat.S_ISDIR(status.st_mode):
                found[key] = 'folder', stat.S_IMODE(status.st_mode)
            else:
                with open(here, 'rb') as file:
                    found[key] = (stat.S_IMODE(status.st_mode), int(status.st_mtime), file.read())
    return found


class RSyncTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.realpath(folder.name)
        self.source = os.path.join(self.folder, 'source')
        os.makedirs(os.path.join(self.source, 'sub', 'empty'))
        self.write('plain', b'text\n')
        self.write('none', b'')
        self.write('large', bytes(range(256)) * 10000)
        self.write('left.skipped', b'')
        self.write(os.path.join('sub', 'ünïcode ☃'), b'\0')
        os.chmod(os.path.join(self.source, 'plain'), 0o755)
        os.chmod(os.path.join(self.source, 'sub'), 0o750)
        os.symlink('plain', os.path.join(self.source, 'link'))
        os.symlink(os.path.join(self.source, 'sub'), os.path.join(self.source, 'inside'))
        os.symlink('/nowhere/else', os.path.join(self.source, 'outside'))

    def write(self, name, content):
        with open(os.path.join(self.source, name), 'wb') as file:
            file.write(content)

    def path(self, name):
        return os.path.join(self.folder, name)

    def copy(self, *destinations, with_dropin=True, interpreter=sys.executable):
        status, output = run(['-c', COPY, self.source, interpreter, *destinations], with_dropin)
        self.assertEqual(status, 0, output)
        return output.splitlines()

    def check(self, destination):
        expected = tree(self.source)
        del expected['left.skipped']
        expected['inside'] = 'link', os.path.join(destination, 'sub')
        self.assertEqual(tree(destination), expected)

    def test_same_copy_as_stock(self):
        for destination, with_dropin in (('theirs', False), ('ours', True)):
            self.copy(self.path(destination), with_dropin=with_dropin)
            self.check(self.path(destination))

    def test_several_targets(self):
        output = self.copy(self.path('a/deep/one'), self.path('two'))
        self.assertEqual(output.count('finished'), 2)
        self.assertEqual(output[-1], 'no target')
        self.check(self.path('a/deep/one'))
        self.check(self.path('two'))

    @unittest.skipUnless(shutil.which('pypy3'), 'there is no PyPy')
    def test_other_interpreter(self):
        self.copy(self.path('copy'), interpreter='pypy3')
        self.check(self.path('copy'))

    def test_only_what_changed(self):
        copy = self.path('copy')
        self.copy(copy)
        self.assertEqual(self.copy(copy), ['finished', 'no target'])
        # Another time and another content; another time alone.
        self.write('plain', b'TEXT\n')
        os.utime(os.path.join(self.source, 'plain'), (1000, 1000))
        os.utime(os.path.join(self.source, 'large'), (2000, 2000))
        self.assertEqual(self.copy(copy), ["sends b'plain'", 'finished', 'no target'])
        self.check(copy)

    def test_deleting(self):
        for name in 'copy', 'exact':
            destination = self.path(name)
            self.copy(destination)
            os.makedirs(os.path.join(destination, 'more', 'folders'))
            with open(os.path.join(destination, 'more', 'file'), 'w'):
                pass
            self.copy(destination)
            self.assertEqual(os.path.exists(os.path.join(destination, 'more')), name == 'copy')
        self.check(self.path('exact'))

    def test_other_kinds_are_replaced(self):
        copy = self.path('exact')
        os.makedirs(os.path.join(copy, 'plain', 'was a folder'))
        os.makedirs(os.path.join(copy, 'link'))
        elsewhere = self.path('elsewhere')
        os.mkdir(elsewhere)
        os.symlink(elsewhere, os.path.join(copy, 'sub'))
        self.copy(copy)
        self.check(copy)
        self.assertEqual(os.listdir(elsewhere), [])

    def test_one_file(self):
        self.source = os.path.join(self.source, 'plain')
        self.copy(self.path('file'))
        with open(self.path('file'), 'rb') as file:
            self.assertEqual(file.read(), b'text\n')

    def test_errors_of_the_other_side(self):
        status, output = run(['-c', COPY, self.source, sys.executable, '/proc/nowhere/at/all'])
        self.assertEqual(status, 1)
        self.assertIn('RemoteError', output)


if __name__ == '__main__':
    unittest.main()
