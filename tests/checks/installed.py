#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Installs the build into a temporary folder and uses it from there, as a program would.

installed.py VERSION BUILD PREFIX MESON CC PKG-CONFIG [VALAC]
"""

import os
import pathlib
import subprocess
import sys
import tempfile

from tree import LIBRARY, Report, source_files

API = 'execnet-glib-1.0'

C_PROGRAM = r'''
#include <execnet-glib/execnet-glib.h>

int
main (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) dump = execnet_dumps (g_variant_new_int64 (42), EXECNET_DUMP_DEFAULT, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (dump), ==, 7);
  g_print ("%s\n", execnet_get_version ());
  return 0;
}
'''

VALA_PROGRAM = r'''
int main () {
    try {
        var dump = Execnet.dumps (new Variant.int64 (42), Execnet.DumpFlags.DEFAULT);
        assert (dump.get_size () == 7);
    } catch (Error error) {
        printerr ("%s\n", error.message);
        return 1;
    }
    print ("%s\n", Execnet.get_version ());
    return 0;
}
'''

PYTHON_PROGRAM = r'''
from gi.repository import Execnet as execnet
import sys
used = sys.modules['gi.overrides.Execnet'].__file__
assert used == %r, used
print(execnet.get_version())
'''

GJS_PROGRAM = r'''
imports.gi.versions.Execnet = '1.0';
const {Execnet} = imports.gi;
const used = imports.overrides.Execnet.__file__;
if (used !== %r)
    throw new Error(used);
print(Execnet.get_version());
'''


class Installed:
    """An installation below a temporary folder, and an environment that finds it."""

    def __init__(self, folder, build, prefix, meson):
        self.folder = folder
        self.root = folder / 'root'
        self.prefix = pathlib.Path(str(self.root) + prefix)
        run([meson, 'install', '-C', build, '--no-rebuild', '--quiet', '--destdir', self.root])
        self.environment = dict(os.environ, LC_ALL='C.UTF-8')

        library = self.one('lib*/**/lib%s.so' % API).parent
        self.set('LD_LIBRARY_PATH', library)
        self.set('PKG_CONFIG_PATH', self.relocated_pkgconfig())

    def one(self, pattern):
        """The one file that fits the pattern."""
        found = sorted(self.prefix.glob(pattern))
        if len(found) != 1:
            raise Failure('%d files fit %s: %s' % (len(found), pattern, found))
        return found[0]

    def set(self, name, path):
        self.environment[name] = str(path)

    def relocated_pkgconfig(self):
        """The pkg-config file as it would be had the temporary folder been the prefix."""
        lines = self.one('lib*/**/%s.pc' % API).read_text(encoding='utf-8').splitlines()
        lines = ['prefix=%s' % self.prefix if line.startswith('prefix=') else line
                 for line in lines]
        folder = self.folder / 'pkgconfig'
        folder.mkdir()
        (folder / (API + '.pc')).write_text('\n'.join(lines) + '\n', encoding='utf-8')
        return folder


class Failure(Exception):
    pass


def run(command, **options):
    command = [str(word) for word in command]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, encoding='utf-8', **options)
    if done.returncode:
        raise Failure('%s\nended with %d:\n%s' % (' '.join(command), done.returncode, done.stdout))
    return done.stdout


def write(path, text):
    path.write_text(text, encoding='utf-8')
    return path


def check_headers(installed):
    """Every public header is there, and no private one."""
    below = installed.prefix / 'include' / API / 'execnet-glib'
    there = {str(path.relative_to(below)) for path in below.rglob('*.h')}
    public = {str(path.relative_to(LIBRARY)) for path in source_files('*.h', below=LIBRARY)
              if not path.name.endswith('-private.h')}
    public |= {'base/execnet-version.h', 'base/execnet-enum-types.h'}
    if there != public:
        raise Failure('installed but not public: %s\npublic but not installed: %s'
                      % (sorted(there - public), sorted(public - there)))


def flags(installed, pkg_config, *wanted):
    return run([pkg_config, *wanted, API], env=installed.environment).split()


def check_c(installed, cc, pkg_config, language, *libraries):
    source = write(installed.folder / 'program.c', C_PROGRAM)
    program = installed.folder / ('program-' + language)
    run([*cc, '-x', language, '-Wall', '-Werror', source, '-o', program,
         *flags(installed, pkg_config, '--cflags', '--libs'), *libraries],
        env=installed.environment)
    return run([program], env=installed.environment).strip()


def check_vala(installed, valac):
    source = write(installed.folder / 'program.vala', VALA_PROGRAM)
    program = installed.folder / 'program-vala'
    vapi = installed.one('share/vala/vapi/%s.vapi' % API).parent
    run([valac, '--vapidir', vapi, '--pkg', API, source, '-o', program],
        env=installed.environment, cwd=installed.folder)
    return run([program], env=installed.environment).strip()


def check_python(installed):
    typelib = installed.one('lib*/**/Execnet-1.0.typelib').parent
    override = installed.one('lib*/**/gi/overrides/Execnet.py')
    environment = dict(installed.environment, GI_TYPELIB_PATH=str(typelib),
                       PYTHONPATH=str(override.parents[2]), PYTHONDONTWRITEBYTECODE='1')
    return run([sys.executable, '-c', PYTHON_PROGRAM % str(override)], env=environment).strip()


def check_gjs(installed):
    typelib = installed.one('lib*/**/Execnet-1.0.typelib').parent
    override = installed.one('share/gjs-1.0/overrides/Execnet.js')
    environment = dict(installed.environment, GI_TYPELIB_PATH=str(typelib),
                       XDG_DATA_DIRS='%s:/usr/local/share:/usr/share' % override.parents[2])
    return run(['gjs', '-c', GJS_PROGRAM % str(override)], env=environment).strip()


def point(report, name, version, check, *arguments):
    faults = []
    try:
        said = check(*arguments)
        if version and said != version:
            faults.append('it said %r where the version is %r' % (said, version))
    except Failure as failure:
        faults.append(failure)
    report.point(name, 1, faults)


def main():
    version, build, prefix, meson, cc, pkg_config, *valac = sys.argv[1:]
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        installed = Installed(pathlib.Path(folder), build, prefix, meson)
        point(report, 'the public headers', None, check_headers, installed)
        point(report, 'a C program', version, check_c, installed, cc.split(), pkg_config, 'c')
        point(report, 'a C++ program', version, check_c, installed, cc.split(), pkg_config, 'c++',
              '-lstdc++')
        if valac:
            point(report, 'a Vala program', version, check_vala, installed, *valac)
        point(report, 'a Python program', version, check_python, installed)
        point(report, 'a GJS program', version, check_gjs, installed)
    report.end()


if __name__ == '__main__':
    main()
