# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Items to bytes and back: the opcodes that every execnet peer reads.

This file stands alone: the worker and the Python binding both use it.
"""

import sys
try:
    # The module around it takes longer to import than it does.
    from _struct import Struct, error as StructError, pack, unpack
except ImportError:
    from struct import Struct, error as StructError, pack, unpack

#: Containers inside containers, at most.
MAX_DEPTH = 250
#: Decimal digits of an int where the interpreter sets no limit of its own.
MAX_DIGITS = 4300
#: From this length on a list of ints or floats is moved as a whole.
BATCH = 16

PYTHON_2 = str is bytes

(BUILDTUPLE, BYTES, CHANNEL, FALSE, FLOAT, FROZENSET, INT, LONG, LONGINT, LONGLONG, NEWDICT,
 NEWLIST, NONE, PY2STRING, PY3STRING, SET, SETITEM, STOP, TRUE, UNICODE, COMPLEX) = range(64, 85)

_int = Struct('>i')
_float = Struct('>d')
_complex = Struct('>dd')
_head = Struct('>Bi')
_next_key = Struct('>BBi')
_int_item = Struct('>BiB')
_pack_head = _head.pack
_pack_next_key = _next_key.pack


class DataFormatError(Exception):
    """A value can't be dumped, or bytes can't be loaded."""


class DumpError(DataFormatError):
    """A value has a type that items can't carry."""


class LoadError(DataFormatError):
    """Bytes are not a dump."""


class _Refused(Exception):
    """A value can't be dumped; which one is found out afterwards."""


# Writing. Every writer takes (append, value, depth, context): append collects pieces of bytes,
# depth says how many containers are around, context is (bytes of dictionary keys so far, hook).


def _save_none(append, value, depth, context):
    append(b'L')


def _save_bool(append, value, depth, context):
    append(b'R' if value else b'C')


def _save_int(append, value, depth, context):
    if -0x80000000 <= value <= 0x7fffffff:
        append(_pack_head(INT, value))
    else:
        _save_digits(append, LONGINT, value)


def _save_float(append, value, depth, context):
    append(b'D' + _float.pack(value))


def _save_bytes(append, value, depth, context):
    append(_pack_head(BYTES, len(value)))
    append(value)


def _save_text(append, value, depth, context):
    data = value.encode('utf-8')
    append(_pack_head(PY3STRING, len(data)) + data)


def _save_list(append, value, depth, context):
    size = len(value)
    append(_pack_head(NEWLIST, size))
    if not size:
        return
    if depth >= MAX_DEPTH:
        raise _Refused
    if size >= BATCH and type(value[0]) in _COLUMNS and _save_column(append, value):
        return
    key = b'F\0\0\0\0'
    index = 0
    for item in value:
        append(key)
        _WRITERS[type(item)](append, item, depth + 1, context)
        index += 1
        key = _pack_next_key(SETITEM, INT, index)
    append(b'P')
    if index != size:
        raise _Refused


def _save_dict(append, value, depth, context):
    append(b'J')
    if value and depth >= MAX_DEPTH:
        raise _Refused
    keys = context[0]
    for key, item in value.items():
        if type(key) is str:
            known = keys.get(key)
            if known is None:
                pieces = []
                _WRITERS[str](pieces.append, key, 0, context)
                known = keys[key] = b''.join(pieces)
            append(known)
        else:
            _WRITERS[type(key)](append, key, depth + 1, context)
        _WRITERS[type(item)](append, item, depth + 1, context)
        append(b'P')


def _save_members(append, value, depth, context, opcode):
    if value and depth >= MAX_DEPTH:
        raise _Refused
    size = 0
    for item in value:
        _WRITERS[type(item)](append, item, depth + 1, context)
        size += 1
    append(_pack_head(opcode, size))


def _save_tuple(append, value, depth, context):
    _save_members(append, value, depth, context, BUILDTUPLE)


def _save_set(append, value, depth, context):
    _save_members(append, value, depth, context, SET)


def _save_frozenset(append, value, depth, context):
    _save_members(append, value, depth, context, FROZENSET)


def _save_complex(append, value, depth, context):
    append(b'T' + _complex.pack(value.real, value.imag))


# later
def _max_digits():
    return getattr(sys, 'get_int_max_str_digits', lambda: MAX_DIGITS)()


# later
def _save_digits(append, opcode, value):
    limit = _max_digits()
    # A decimal digit has 3.32 bits; checked first, because converting takes quadratic time.
    if limit and value.bit_length() > limit * 3.33 + 4:
        raise _Refused
    digits = ('%d' % value).encode('ascii')
    if limit and len(digits.lstrip(b'-')) > limit:
        raise _Refused
    append(_pack_head(opcode, len(digits)) + digits)


# later
def _save_column(append, value):
    """Writes a list of nothing but ints, or floats, without a turn of a loop for each of them.

    The bytes of all elements lie one after the other, so each byte of an element is one slice.
    """
    size = len(value)
    kind = type(value[0])
    if set(map(type, value)) != set([kind]):
        return False
    opcode, code, width = _COLUMNS[kind]
    try:
        values = pack('>%d%s' % (size, code), *value)
        keys = pack('>%di' % size, *range(size))
    except StructError:
        return False
    stride = width + 7
    out = bytearray(stride * size)
    out[0::stride] = b'F' * size
    for i in range(4):
        out[1 + i::stride] = keys[i::4]
    out[5::stride] = opcode * size
    for i in range(width):
        out[6 + i::stride] = values[i::width]
    out[stride - 1::stride] = b'P' * size
    append(bytes(out))
    return True


# later
def _use_python_2_types():
    def save_str(append, value, depth, context):
        append(_pack_head(PY2STRING, len(value)) + value)

    def save_unicode(append, value, depth, context):
        data = value.encode('utf-8')
        # Python 2 encodes lone surrogates, which nobody can decode.
        at = data.find(b'\xed')
        while at >= 0:
            if data[at + 1:at + 2] >= b'\xa0':
                raise _Refused
            at = data.find(b'\xed', at + 1)
        append(_pack_head(UNICODE, len(data)) + data)

    def save_long(append, value, depth, context):
        if -0x80000000 <= value <= 0x7fffffff:
            append(_pack_head(LONG, value))
        else:
            _save_digits(append, LONGLONG, value)

    _WRITERS.update({str: save_str, type(u''): save_unicode, type(1 << 70): save_long})


_COLUMNS = {int: (b'F', 'i', 4), float: (b'D', 'd', 8)}

# Looked up by the type itself: a subclass, or a class that only has the name, is not in here.
_WRITERS = {
    type(None): _save_none, bool: _save_bool, int: _save_int, float: _save_float,
    complex: _save_complex, bytes: _save_bytes, str: _save_text,
    list: _save_list, tuple: _save_tuple, dict: _save_dict,
    set: _save_set, frozenset: _save_frozenset,
}
if PYTHON_2:
    _use_python_2_types()


def register_channel_type(channel_type):
    """Lets items hold values of this type: they are written as their int attribute `id`.

    The hook of dump_item() decides for each whether it may be sent.
    """
    def save_channel(append, value, depth, context):
        if context[1] is None or not context[1](value):
            raise _Refused
        append(_pack_head(CHANNEL, value.id))

    _WRITERS[channel_type] = save_channel


def dump_pieces(value, check_channel=None):
    """Gives a list of pieces of bytes that are the item, without a version byte.

    check_channel is called with each channel in it and tells whether it may be sent; without it
    no channel may.
    """
    if type(value) is int and -0x80000000 <= value <= 0x7fffffff:
        return [_int_item.pack(INT, value, STOP)]
    pieces = []
    try:
        _WRITERS[type(value)](pieces.append, value, 0, ({}, check_channel))
        pieces.append(b'Q')
        return pieces
    except (_Refused, KeyError, StructError, UnicodeError, RuntimeError):
        pass
    raise _explain(value, check_channel)


def dump_item(value, check_channel=None):
    """Gives the bytes of an item as messages carry them: without a version byte."""
    return b''.join(dump_pieces(value, check_channel))


# later
def dumps(value, version=2):
    """Gives the bytes of a value, in the format of execnet 2 or 1."""
    if version not in (1, 2):
        raise ValueError('There is no version %r of the format, only 1 and 2.' % (version,))
    return (b'\2' if version == 2 else b'\1') + dump_item(value)


# later
def _explain(value, check_channel):
    """Finds out what in a value couldn't be dumped, and makes the error that says so."""
    found = _find_refused(value, '', (), check_channel)
    if found is None:
        return DumpError('The value changed while it was dumped.')
    path, reason = found
    where = " (at item%s)" % path if path else ''
    return DumpError("%s%s" % (reason, where))


# later
def _find_refused(value, path, around, check_channel):
    kind = type(value)
    if kind not in _WRITERS:
        name = '%s.%s' % (kind.__module__, getattr(kind, '__qualname__', kind.__name__))
        if kind.__module__ in ('builtins', '__builtin__'):
            name = kind.__name__
        return path, "can't serialize <class '%s'>" % name
    if kind in (list, tuple, dict, set, frozenset):
        return _find_refused_member(value, path, around, check_channel)
    try:
        _WRITERS[kind]([].append, value, 0, ({}, check_channel))
    except UnicodeError:
        return path, "can't serialize a text with a lone surrogate"
    except StructError:
        return path, "can't serialize more than 2147483647 bytes"
    except _Refused:
        if kind.__name__ == 'unicode':
            return path, "can't serialize a text with a lone surrogate"
        if kind.__name__ in ('int', 'long'):
            return path, "can't serialize an int of more than %d digits" % _max_digits()
        return path, "can't serialize a channel that is closed, or not of this gateway"
    return None


# later
def _find_refused_member(value, path, around, check_channel):
    if id(value) in around:
        return path, "can't serialize a structure that contains itself"
    if len(around) >= MAX_DEPTH and value:
        return None if len(path) > 1000 else path, \
            "can't serialize a structure nested more than %d levels" % MAX_DEPTH
    around += (id(value),)
    if type(value) is dict:
        members = []
        for key, item in list(value.items()):
            members.append((key, '%s.key(%.60r)' % (path, key)))
            members.append((item, '%s[%.60r]' % (path, key)))
    else:
        pattern = '%s[%d]' if isinstance(value, (list, tuple)) else '%s.member(%d)'
        members = [(item, pattern % (path, i)) for i, item in enumerate(value)]
    for item, place in members:
        found = _find_refused(item, place, around, check_channel)
        if found is not None:
            return found
    return None


# Reading: a stack machine. `marks` and `depths` tell where on the stack containers stand and how
# deep each is, because a value deeper than C's stack would end the interpreter.


def load_item(data, py2str_as_py3str=True, py3str_as_py2str=False, load_channel=None, start=0):
    """Gives the value of an item as messages carry it: without a version byte. The data are bytes,
    or a list of what stands before long bytes, these, and what stands behind them.

    load_channel makes a channel from its number; without it a channel is an error.
    """
    if len(data) - start == 6:
        opcode, value, stop = _int_item.unpack_from(data, start)
        if opcode == INT and stop == STOP:
            return value
    if type(data) is list:
        if data[0] == _pack_head(BYTES, len(data[1])) and data[2] == b'Q':
            return data[1]
        data = b''.join(data)
    codes = bytearray(data) if PYTHON_2 else data
    size = len(data)
    stack = []
    push = stack.append
    pop = stack.pop
    marks = []
    depths = []
    budget = size
    unpack_int = _int.unpack_from
    pos = start
    try:
        while True:
            opcode = codes[pos]
            pos += 1
            if opcode == INT:
                value = unpack_int(data, pos)[0]
                pos += 4
            elif opcode in _SIZED:
                length = unpack_int(data, pos)[0]
                pos += 4
                end = pos + length
                if length < 0 or end > size:
                    raise LoadError('a length of %d where %d bytes are left'
                                    % (length, size - pos))
                value = data[pos:end]
                pos = end
                if opcode == PY3STRING:
                    if not py3str_as_py2str:
                        value = value.decode('utf-8')
                elif opcode == UNICODE:
                    value = value.decode('utf-8')
                elif opcode == PY2STRING:
                    if py2str_as_py3str and not PYTHON_2:
                        value = value.decode('latin-1')
                elif opcode != BYTES:
                    value = _load_digits(opcode, value)
            elif opcode == FLOAT:
                value = _float.unpack_from(data, pos)[0]
                pos += 8
            elif opcode == NONE:
                value = None
            elif opcode == TRUE:
                value = True
            elif opcode == FALSE:
                value = False
            elif opcode == SETITEM:
                _set_item(stack, marks, depths)
                continue
            elif opcode == NEWDICT:
                marks.append(len(stack))
                depths.append(0)
                push({})
                continue
            elif opcode == NEWLIST:
                length = unpack_int(data, pos)[0]
                pos += 4
                # Each element has bytes of its own, so all lists together are no longer than it.
                budget -= length
                if length < 0 or budget < 0:
                    raise LoadError('a list of %d elements where %d bytes are left'
                                    % (length, size - pos))
                value = None
                if length >= BATCH and codes[pos + 5] in _COLUMN_WIDTHS:
                    value = _load_column(data, pos, length, codes[pos + 5])
                marks.append(len(stack))
                if value is None:
                    value = [None] * length
                    depths.append(0)
                else:
                    pos += length * (_COLUMN_WIDTHS[codes[pos + 5]] + 7)
                    depths.append(1)
                push(value)
                continue
            elif opcode in _BUILT:
                length = unpack_int(data, pos)[0]
                pos += 4
                _build(stack, marks, depths, _BUILT[opcode], length)
                continue
            elif opcode == STOP:
                if len(stack) != 1:
                    raise LoadError('%d values where one should be left' % len(stack))
                return stack[0]
            else:
                value, pos = _load_rare(opcode, data, pos, load_channel)

            # What comes here is no container. Straight into the container below, if it goes there.
            if codes[pos] == SETITEM and marks and marks[-1] == len(stack) - 2:
                stack[-2][pop()] = value
                pos += 1
                if not depths[-1]:
                    depths[-1] = 1
            else:
                push(value)
    except LoadError:
        reason = str(sys.exc_info()[1])
    except UnicodeError:
        reason = 'invalid UTF-8'
    except (IndexError, StructError):
        reason = 'the data ends too early'
        if pos < size and opcode == SETITEM or pos < size and codes[pos] == SETITEM:
            reason = 'an index outside of the list'
    except TypeError:
        reason = "a value that can't be a key or an index there"
    raise LoadError('invalid data at byte %d: %s' % (pos, reason))


_SIZED = frozenset([PY3STRING, BYTES, UNICODE, PY2STRING, LONGINT, LONGLONG])
_COLUMN_WIDTHS = {INT: 4, FLOAT: 8}
_BUILT = {BUILDTUPLE: tuple, SET: set, FROZENSET: frozenset}


def _set_item(stack, marks, depths):
    """SETITEM where the value or the key is a container, or where something is wrong."""
    top = len(stack) - 1
    depth = 0
    for place in (top, top - 1):
        if marks and marks[-1] == place:
            marks.pop()
            depth = max(depth, depths.pop())
    if top < 2 or not marks or marks[-1] != top - 2:
        raise LoadError('an element without a container')
    value = stack.pop()
    key = stack.pop()
    stack[-1][key] = value
    if depth >= depths[-1]:
        if depth >= MAX_DEPTH:
            raise LoadError('a structure nested more than %d levels' % MAX_DEPTH)
        depths[-1] = depth + 1


def _build(stack, marks, depths, kind, length):
    base = len(stack) - length
    if length < 0 or base < 0:
        raise LoadError('%d members where %d values are' % (length, len(stack)))
    depth = 0
    while marks and marks[-1] >= base:
        marks.pop()
        depth = max(depth, depths.pop())
    if depth >= MAX_DEPTH:
        raise LoadError('a structure nested more than %d levels' % MAX_DEPTH)
    members = kind(stack[base:])
    del stack[base:]
    marks.append(base)
    depths.append(depth + 1 if length else 0)
    stack.append(members)


# later
def _load_rare(opcode, data, pos, load_channel):
    if opcode == CHANNEL:
        if load_channel is None:
            raise LoadError('a channel, which has no meaning here')
        return load_channel(_int.unpack_from(data, pos)[0]), pos + 4
    if opcode == LONG:
        value = _int.unpack_from(data, pos)[0]
        return (value + (1 << 70)) - (1 << 70) if PYTHON_2 else value, pos + 4
    if opcode == COMPLEX:
        return complex(*_complex.unpack_from(data, pos)), pos + 16
    raise LoadError('an unknown opcode %d' % opcode)


# later
def _load_digits(opcode, digits):
    unsigned = digits[1:] if digits[:1] in (b'-', b'+') else digits
    if not unsigned.isdigit():
        raise LoadError('an int that is no decimal number')
    limit = _max_digits()
    if limit and len(unsigned) > limit:
        raise LoadError('an int of %d digits where at most %d can be converted'
                        % (len(unsigned), limit))
    value = int(digits)
    if PYTHON_2 and opcode == LONGLONG:
        value = (value + (1 << 70)) - (1 << 70)
    return value


# later
def _load_column(data, pos, length, opcode):
    """Reads a list of nothing but ints, or floats, as _save_column() writes it, or gives None."""
    width = _COLUMN_WIDTHS[opcode]
    stride = width + 7
    end = pos + length * stride
    if end > len(data):
        return None
    if data[pos:end:stride] != b'F' * length \
            or data[pos + 5:end:stride] != (b'F' if opcode == INT else b'D') * length \
            or data[pos + stride - 1:end:stride] != b'P' * length:
        return None
    keys = bytearray(4 * length)
    for i in range(4):
        keys[i::4] = data[pos + 1 + i:end:stride]
    if bytes(keys) != pack('>%di' % length, *range(length)):
        return None
    values = bytearray(width * length)
    for i in range(width):
        values[i::width] = data[pos + 6 + i:end:stride]
    return list(unpack('>%d%s' % (length, 'i' if opcode == INT else 'd'), bytes(values)))


# later
def loads(data, py2str_as_py3str=False, py3str_as_py2str=False):
    """Gives the value of a dump, of execnet 1 or 2. Bytes behind the dump are ignored."""
    data = bytes(data)
    if data[:1] not in (b'\1', b'\2'):
        raise LoadError('invalid data at byte 0: '
                        + ('an unknown version %r' % data[:1] if data else 'there is none'))
    return load_item(data, py2str_as_py3str, py3str_as_py2str, None, 1)
