# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The module threading takes long to import, so it is imported when a second thread runs code."""


# later
def prepare_threading(main_thread):
    """Imports threading and sees to it that it knows the main thread.

    Before Python 3.13 it takes the thread that imports it first for the main thread. That is the
    background thread where the main thread is busy, which lives as long as the process, too.
    """
    import threading
    for thread in threading.enumerate():
        if isinstance(thread, threading._MainThread):
            break
    wrong = thread.ident
    if wrong == main_thread:
        return
    if PYTHON_2:
        thread._Thread__ident = main_thread
    else:
        thread._ident = main_thread
    if hasattr(thread, '_native_id'):
        thread._native_id = os.getpid()
    threading._active[main_thread] = threading._active.pop(wrong)
