# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An installation of the build in a temporary folder, and programs that use it from there."""

import os
import pathlib
import subprocess
import sys

API = 'execnet-glib-1.0'


class Failure(Exception):
    """Says what went wrong, for the report."""


def run(command, **options):
    """Runs a command and gives what it wrote; how it failed is a Failure."""
    command = [str(word) for word in command]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, encoding='utf-8', **options)
    if done.returncode:
        raise Failure('%s\nended with %d:\n%s' % (' '.join(command), done.returncode, done.stdout))
    return done.stdout


def write(path, text):
    path.write_text(text, encoding='utf-8')
    return path


class Installation:
    """Where things are, and an environment that finds them."""

    def __init__(self, folder, build, prefix, meson):
        self.folder = pathlib.Path(folder)
        root = self.folder / 'root'
        self.prefix = pathlib.Path(str(root) + prefix)
        run([meson, 'install', '-C', build, '--no-rebuild', '--quiet', '--destdir', root])

        self.environment = dict(os.environ, LC_ALL='C.UTF-8', PYTHONDONTWRITEBYTECODE='1')
        self.python_override = self.one('lib*/**/gi/overrides/Execnet.py')
        self.gjs_override = self.one('share/gjs-1.0/overrides/Execnet.js')
        self.set('LD_LIBRARY_PATH', self.one('lib*/**/lib%s.so' % API).parent)
        self.set('PKG_CONFIG_PATH', self.relocated_pkgconfig())
        self.set('GI_TYPELIB_PATH', self.one('lib*/**/Execnet-1.0.typelib').parent)
        self.set('PYTHONPATH', self.python_override.parents[2])
        self.set('XDG_DATA_DIRS', '%s:/usr/local/share:/usr/share' % self.gjs_override.parents[2])

    def one(self, pattern):
        """The one file that fits the pattern."""
        found = sorted(self.prefix.glob(pattern))
        if len(found) != 1:
            raise Failure('%d files fit %s: %s' % (len(found), pattern, found))
        return found[0]

    def set(self, name, value):
        self.environment[name] = str(value)

    def relocated_pkgconfig(self):
        """The pkg-config file as it would be had the temporary folder been the prefix."""
        lines = self.one('lib*/**/%s.pc' % API).read_text(encoding='utf-8').splitlines()
        lines = ['prefix=%s' % self.prefix if line.startswith('prefix=') else line
                 for line in lines]
        folder = self.folder / 'pkgconfig'
        folder.mkdir()
        write(folder / (API + '.pc'), '\n'.join(lines) + '\n')
        return folder

    def run(self, *command):
        return run(command, env=self.environment, cwd=self.folder)

    def run_c(self, text, cc, pkg_config, language='c', *libraries):
        source = write(self.folder / 'program.c', text)
        program = self.folder / 'program'
        flags = self.run(pkg_config, '--cflags', '--libs', API).split()
        self.run(*cc.split(), '-x', language, '-Wall', '-Werror', source, '-o', program,
                 *flags, *libraries)
        return self.run(program)

    def run_vala(self, text, valac):
        source = write(self.folder / 'program.vala', text)
        program = self.folder / 'program'
        vapi = self.one('share/vala/vapi/%s.vapi' % API).parent
        self.run(valac, '--vapidir', vapi, '--pkg', API, source, '-o', program)
        return self.run(program)

    def run_python(self, text):
        return self.run(sys.executable, write(self.folder / 'program.py', text))

    def run_gjs(self, text):
        return self.run('gjs', '-m', write(self.folder / 'program.js', text))
