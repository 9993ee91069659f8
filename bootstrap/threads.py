# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What threads and signals need of the standard library, without its slow modules.

The module threading takes long to import, so it is imported when a second thread runs code.
"""


def watch_signals(descriptor):
    """Makes each signal that has a handler write a byte.

    Python runs handlers between two steps of the main thread. A signal that comes after the last
    step before a wait would not end that wait, so what is waited for must include this.
    """
    if PYTHON_2:
        from signal import set_wakeup_fd
    else:
        from _signal import set_wakeup_fd
    if hasattr(os, 'set_blocking'):
        os.set_blocking(descriptor, False)
    else:
        import fcntl
        fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_NONBLOCK)
    set_wakeup_fd(descriptor)


# later
def prepare_threading(main_thread):
    """Imports threading and sees to it that it knows the main thread.

    Before Python 3.13 it takes the thread that imports it first for the main thread. That is the
    background thread where the main thread is busy, which lives as long as the process, too.
    """
    if _native:
        return
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
