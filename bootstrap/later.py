# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Definitions that are rarely needed are compiled at their first use: start-up time is mostly time
in Python's compiler. pack.py marks them by the comment "later" in front of the definition."""

import binascii
import zlib

try:
    from _thread import allocate_lock, get_ident, start_new_thread
except ImportError:
    from thread import allocate_lock, get_ident, start_new_thread

_later_sources = {}
_later_lock = allocate_lock()


def _later(name):
    def load(*args, **kwargs):
        with _later_lock:
            if not _later_sources:
                parts = zlib.decompress(binascii.a2b_base64(LATER)).decode('ascii').split('\0')
                _later_sources.update(zip(parts[::2], parts[1::2]))
            if globals()[name] is load:
                exec(compile(_later_sources[name], '<execnet worker>', 'exec'), globals())
        return globals()[name](*args, **kwargs)
    globals()[name] = load
