#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Installs the build into a temporary folder and uses it from there, as a program would.

installed.py VERSION BUILD PREFIX MESON CC PKG-CONFIG [VALAC]
"""

import sys
import tempfile

from installation import API, Failure, Installation
from tree import LIBRARY, Report, source_files

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

DROPIN_PROGRAM = r'''
import sys
sys.path.insert(0, %r)
import execnet
assert execnet.__file__.startswith(sys.path[0]), execnet.__file__
assert execnet.makegateway().remote_exec('channel.send(7)').receive() == 7
from gi.repository import Execnet
assert execnet.Group is Execnet.Group
print(Execnet.get_version())
'''

GJS_PROGRAM = r'''
import Execnet from 'gi://Execnet';
const used = imports.overrides.Execnet.__file__;
if (used !== %r)
    throw new Error(used);
print(Execnet.get_version());
'''


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


def run_dropin(installed, pkg_config):
    """The package that programs written for execnet import is where pkg-config says."""
    folder = installed.run(pkg_config, '--variable=dropindir', API).strip()
    return installed.run_python(DROPIN_PROGRAM % folder)


def point(report, name, expected, check, *arguments):
    faults = []
    try:
        said = check(*arguments)
        if said != expected:
            faults.append('it said %r, not %r' % (said, expected))
    except Failure as failure:
        faults.append(failure)
    report.point(name, 1, faults)


def main():
    version, build, prefix, meson, cc, pkg_config, *valac = sys.argv[1:]
    version += '\n'
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        there = Installation(folder, build, prefix, meson)
        point(report, 'the public headers', None, check_headers, there)
        point(report, 'a C program', version, there.run_c, C_PROGRAM, cc, pkg_config)
        point(report, 'a C++ program', version, there.run_c, C_PROGRAM, cc, pkg_config,
              'c++', '-lstdc++')
        if valac:
            point(report, 'a Vala program', version, there.run_vala, VALA_PROGRAM, *valac)
        point(report, 'a Python program', version, there.run_python,
              PYTHON_PROGRAM % str(there.python_override))
        point(report, 'the package execnet', version, run_dropin, there, pkg_config)
        point(report, 'a GJS program', version, there.run_gjs,
              GJS_PROGRAM % str(there.gjs_override))
    report.end()


if __name__ == '__main__':
    main()
