# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Definitions that are rarely needed are compiled at their first use: start-up time is mostly time
in Python's compiler. A comment line "later" in front of a function, method or class marks them, and
pack.py puts a stub in their place."""

import binascii
import zlib

try:
    from _thread import allocate_lock, get_ident, start_new_thread
except ImportError:
    from thread import allocate_lock, get_ident, start_new_thread

_later_sources = {}
_later_found = {}


def _later(name):
    def load(*args, **kwargs):
        if name not in _later_found:
            _load(name)
        return _later_found[name](*args, **kwargs)
    return load


def _load(name):
    # Without a lock, because finalizers come here too: two threads at once only do it twice.
    global _later_sources
    if not _later_sources:
        parts = zlib.decompress(binascii.a2b_base64(LATER)).decode('ascii').split('\0')
        _later_sources = dict(zip(parts[::2], parts[1::2]))
    owner, _, short = name.rpartition('.')
    found = {}
    exec(compile(_later_sources[name], '<execnet worker>', 'exec'), globals(), found)
    if owner:
        setattr(globals()[owner], short, found[short])
    else:
        globals()[short] = found[short]
    _later_found[name] = found[short]
