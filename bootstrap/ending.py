# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The end of the worker: it never outlives the one who started it."""

#: Seconds after the end of the connection: when running code is interrupted, when code in other
#: threads is no longer waited for, and when the process leaves whatever it does.
INTERRUPT_AFTER = 0.8
WAIT_AT_MOST = 1.5
LEAVE_AFTER = 1.8


# later
def watch_ending(gateway):
    """The background thread's last work."""
    end = monotonic()
    interrupted = False
    while monotonic() < end + LEAVE_AFTER:
        time.sleep(0.01)
        if not interrupted and monotonic() > end + INTERRUPT_AFTER:
            interrupted = True
            if not gateway.execution.main_is_free:
                interrupt_main_thread()
    os._exit(1)


# later
def interrupt_main_thread():
    # As from a terminal: unlike interrupt_main() this also ends a system call. Java would end.
    if JYTHON:
        return
    import signal
    os.kill(os.getpid(), signal.SIGINT)


def leave(gateway):
    """The main thread's last work: nothing runs in it any more."""
    end = monotonic()
    status = 0
    while gateway.is_busy():
        if monotonic() > end + WAIT_AT_MOST:
            status = 1
            break
        time.sleep(0.005)
    try:
        # What code has registered to be called at exit; loaded only where something did.
        if 'atexit' in sys.modules:
            sys.modules['atexit']._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        if _output_pumps:
            send_rest()
    except BaseException:
        pass
    os._exit(status)
