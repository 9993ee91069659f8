# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Values to bytes and back, with the worker's own serializer."""

import weakref

from gi.repository import GLib

from ..module import get_introspection_module
from . import _execnet_serializer as serializer
from ._execnet_serializer import DataFormatError, DumpError, LoadError

Execnet = get_introspection_module('Execnet')

_PY2STR_AS_PY3STR = Execnet.LoadFlags.PY2STR_AS_PY3STR
_PY3STR_AS_PY2STR = Execnet.LoadFlags.PY3STR_AS_PY2STR

# Tracebacks and pickles name the module that users import.
for _exception in (DataFormatError, DumpError, LoadError):
    _exception.__module__ = 'gi.repository.Execnet'

# Bytes that follow an opcode; a negative number stands for a length and so many bytes more.
_OPERANDS = {
    serializer.BUILDTUPLE: 4, serializer.BYTES: -1, serializer.CHANNEL: 4, serializer.FALSE: 0,
    serializer.FLOAT: 8, serializer.FROZENSET: 4, serializer.INT: 4, serializer.LONG: 4,
    serializer.LONGINT: -1, serializer.LONGLONG: -1, serializer.NEWDICT: 0, serializer.NEWLIST: 4,
    serializer.NONE: 0, serializer.PY2STRING: -1, serializer.PY3STRING: -1, serializer.SET: 4,
    serializer.SETITEM: 0, serializer.STOP: 0, serializer.TRUE: 0, serializer.UNICODE: -1,
    serializer.COMPLEX: 16,
}


def dumps(obj):
    """Return the bytes of a value made of Python's built-in types.

    execnet 2 reads them, `loads` here reads those of execnet 1 too. Raises DumpError, which names
    the type and the place of what can't be dumped. Thread: any.
    """
    try:
        return serializer.dumps(obj)
    except DumpError as error:
        raise error from None


def dump(byteio, obj):
    """Write what `dumps` returns to `byteio`, anything with a `write` method for bytes."""
    byteio.write(dumps(obj))


def loads(bytestring, py2str_as_py3str=False, py3str_as_py2str=False):
    """Return the value of a dump: bytes that `dumps`, or any execnet, has made.

    `py2str_as_py3str`: strings of Python 2 become text, as Latin-1, else bytes.
    `py3str_as_py2str`: strings of Python 3 become bytes, as UTF-8, else text.
    Raises LoadError, which names the place of what is malformed. Thread: any.
    """
    if not isinstance(bytestring, (bytes, bytearray, memoryview)):
        raise TypeError('a bytes-like object is required, not %r' % type(bytestring).__name__)
    return serializer.loads(bytestring, py2str_as_py3str, py3str_as_py2str)


def load(io, py2str_as_py3str=False, py3str_as_py2str=False):
    """Read one dump from `io`, anything with a `read` method for bytes; see `loads`.

    Takes no byte behind the dump, so that several can follow each other in a file.
    """
    return loads(_read_dump(io.read), py2str_as_py3str, py3str_as_py2str)


def _read_dump(read):
    """Return the bytes of one dump; malformed ones up to where that shows."""
    pieces = [read(1)]
    opcode = None
    while pieces[-1] and opcode != serializer.STOP:
        code = read(1)
        pieces.append(code)
        opcode = code[0] if code else serializer.STOP
        size = _OPERANDS.get(opcode)
        if size is None:
            break
        if size < 0:
            length = read(4)
            pieces.append(length)
            size = int.from_bytes(length, 'big', signed=True)
            if len(length) < 4 or size < 0:
                break
        if size:
            pieces.append(read(size))
    return b''.join(pieces)


def dump_sent(value, may_send_channel=None):
    """Return the GLib.Bytes of an item; `may_send_channel` is asked about each channel in it."""
    try:
        return GLib.Bytes.new(serializer.dump_item(value, may_send_channel))
    except DumpError as error:
        # How that was found out is not the caller's business.
        raise error from None


def remember_named(channel):
    """Let items that name `channel` find it also when it is closed, while the program holds it."""
    gateway = channel.gateway
    if gateway._named_channels is None:
        gateway._named_channels = weakref.WeakValueDictionary()
    gateway._named_channels[channel.id] = channel


def load_received(data, load_flags, gateway):
    """Return the value of the GLib.Bytes `data`, an item that has come over `gateway`."""
    def load_channel(id):
        try:
            channel = gateway.get_channel(id)
        except GLib.Error as error:
            # Closed since the item came; the program may still hold it.
            channel = gateway._named_channels and gateway._named_channels.get(id)
            if channel is None:
                raise LoadError(error.message) from None
        remember_named(channel)
        return channel

    return serializer.load_item(data.get_data(),
                                bool(load_flags & _PY2STR_AS_PY3STR),
                                bool(load_flags & _PY3STR_AS_PY2STR),
                                load_channel)
