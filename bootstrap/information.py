# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the worker says of its interpreter."""


def get_information():
    try:
        folder = os.getcwdu() if PYTHON_2 else os.getcwd()
    except EnvironmentError:
        # It was removed.
        folder = ''
    implementation = getattr(sys, 'implementation', None)
    if implementation:
        implementation = implementation.name
    elif JYTHON:
        implementation = 'jython'
    else:
        implementation = 'pypy' if hasattr(sys, 'pypy_version_info') else 'cpython'
    return {
        u'protocol': 1,
        u'executable': text_of(sys.executable or ''),
        u'cwd': text_of(folder),
        u'pid': os.getpid(),
        u'platform': text_of(sys.platform),
        u'version_info': tuple(sys.version_info[:3]) + (text_of(sys.version_info[3]),
                                                         sys.version_info[4]),
        u'implementation': text_of(implementation),
    }
