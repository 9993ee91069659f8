# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""The exceptions that execnet's users know, and the way to them from a GLib.Error."""

import os
import sys

from gi.repository import GLib

from ..module import get_introspection_module
from ._execnet_items import DataFormatError, DumpError, LoadError

Execnet = get_introspection_module('Execnet')

# Tracebacks and pickles name the module that users import.
_PUBLIC_MODULE = 'gi.repository.Execnet'


def _bind_hidden_type():
    """Let PyGObject learn which class the library's RemoteError is, which ours is about to hide.

    It looks classes up by name, for each function when that is called for the first time.
    """
    channel = Execnet.Channel()
    channel.get_remote_error()
    channel.take_remote_error()
    hidden = Execnet.RemoteError
    for function in (hidden.copy, hidden.get_message, hidden.get_text, hidden.get_type_name):
        try:
            function(None)
        except TypeError:
            pass


_bind_hidden_type()


class RemoteError(Exception):
    """Remote code raised an exception, or the other side closed with an error.

    Attributes, each a str: `formatted`, the whole text, mostly a traceback; `type_name` and
    `message`, those of the exception, None where the other side didn't tell them.
    """

    __module__ = _PUBLIC_MODULE

    def __init__(self, formatted):
        super().__init__()
        self.formatted = formatted
        self.type_name = None
        self.message = None

    def __reduce__(self):
        return type(self), (self.formatted,), self.__dict__

    def __str__(self):
        return self.formatted

    def __repr__(self):
        return '%s: %s' % (type(self).__name__, self.formatted)

    def warn(self):
        """Write to standard error that nobody has handled this error."""
        sys.stderr.write('[%d] Warning: unhandled %r\n' % (os.getpid(), self))


class TimeoutError(OSError):
    """The time-out ended first."""

    __module__ = _PUBLIC_MODULE


class HostNotFound(Exception):
    """The host of a gateway specification can't be reached by its name."""

    __module__ = _PUBLIC_MODULE


_BY_CODE = {
    Execnet.Error.INVALID_SPEC: ValueError,
    Execnet.Error.DUPLICATE_ID: ValueError,
    Execnet.Error.HOST_NOT_FOUND: HostNotFound,
    Execnet.Error.CONNECTION_REFUSED: ConnectionRefusedError,
    Execnet.Error.NO_INTERPRETER: FileNotFoundError,
    Execnet.Error.PERMISSION_DENIED: PermissionError,
    Execnet.Error.TIMED_OUT: TimeoutError,
    Execnet.Error.REMOTE: RemoteError,
    Execnet.Error.INTERRUPTED: RemoteError,
    Execnet.Error.END: EOFError,
    Execnet.Error.DATA_FORMAT: LoadError,
    Execnet.Error.UNSUPPORTED_TYPE: DumpError,
    Execnet.Error.TOO_DEEP: DataFormatError,
    Execnet.Error.TOO_LARGE: DataFormatError,
}


def from_glib(error, gateway=None, lost=OSError):
    """Return the exception for the GLib.Error `error`.

    When `gateway` has ended, it is one of the class `lost` with the attributes `exit_status` (0
    to 255, -1 when a signal ended it or nothing is known), `term_signal` (0 without one) and
    `last_output` (its last lines of standard error, a str).
    """
    kind = OSError
    if error.matches(Execnet.error_quark(), error.code):
        kind = _BY_CODE.get(error.code, OSError)
    if gateway is None or kind is not OSError or \
            gateway.get_state() != Execnet.GatewayState.CLOSED:
        return kind(error.message)
    exception = lost(error.message)
    exception.exit_status = gateway.get_exit_status()
    exception.term_signal = gateway.get_term_signal()
    exception.last_output = gateway.dup_last_output()
    return exception


def from_remote(error):
    """Return the exception for an Execnet.RemoteError of the library."""
    exception = RemoteError(error.get_text())
    exception.type_name = error.get_type_name()
    exception.message = error.get_message()
    return exception


def checked(gateway, function, *arguments, lost=OSError):
    """Call `function`, which must not block, and raise its GLib.Error as an exception of ours.

    Ctrl-C is lost in a call that blocks and then ends with a GLib.Error. So whatever blocks does
    it in a wait, which has none, and takes the result through here.
    """
    try:
        return function(*arguments)
    except GLib.Error as error:
        # Not kept in a variable: its traceback has this frame, and what it holds would stay.
        raise from_glib(error, gateway, lost) from None
