# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What files on channels do: one table for both sides, and the code that goes through a row."""

#: Defines run(file, calls), which gives the results; an exception gives its name.
RUN = '''
def run(file, calls):
    results = []
    for name, arguments in calls:
        try:
            if name == 'list':
                results.append(list(file))
            elif hasattr(type(file), name) and callable(getattr(file, name)):
                results.append(getattr(file, name)(*arguments))
            else:
                results.append(getattr(file, name))
        except Exception as error:
            results.append('raises ' + type(error).__name__)
    return results
'''

#: Of the side that has the file: the items that come, the calls, and their results.
READING = {
    'a size': ([u'ab', u'cdef', u'g'],
               [('read', [1]), ('read', [3]), ('read', [0]), ('read', [100]), ('read', [1])],
               [u'a', u'bcd', u'', u'efg', u'']),
    'all': ([u'one', u'', u'two'], [('read', []), ('read', [-1])], [u'onetwo', u'']),
    'no size': ([u'one', u'two'], [('read', [None])], [u'onetwo']),
    'lines': ([u'h', u'ello\nwor', u'', u'ld\na', u'\n\nlast'],
              [('readline', [])] * 6,
              [u'hello\n', u'world\n', u'a\n', u'\n', u'last', u'']),
    'lines between characters': ([u'one\ntwo\nthree'],
                                 [('read', [2]), ('readline', []), ('read', [1]), ('readline', []),
                                  ('read', [])],
                                 [u'on', u'e\n', u't', u'wo\n', u'three']),
    'iteration': ([u'a\nb', u'\n', u'c'], [('list', []), ('list', [])], [[u'a\n', u'b\n', u'c'], []]),
    'readlines': ([u'a\nb'], [('readlines', [])], [[u'a\n', u'b']]),
    'bytes': ([b'one\ntw', b'o\n\xff'],
              [('readline', []), ('read', [2]), ('list', []), ('read', [])],
              [b'one\n', b'tw', [b'o\n', b'\xff'], b'']),
    'nothing': ([], [('read', []), ('read', [3]), ('readline', []), ('list', [])],
                [u'', u'', u'', []]),
    'what is no text': ([u'a', 5, u'b'], [('read', []), ('read', [])], ['raises TypeError', u'ab']),
    'closing': ([u'a'],
                [('closed', []), ('close', []), ('close', []), ('closed', []),
                 ('read', [1]), ('readline', [])],
                [False, None, None, True, 'raises ValueError', 'raises ValueError']),
    'what kind': ([], [('isatty', []), ('mode', []), ('readable', []), ('writable', []),
                       ('seekable', []), ('flush', [])],
                  [False, 'r', True, False, False, None]),
}

#: The calls, their results and the items that come of them.
WRITING = {
    'text': ([('write', [u'one']), ('write', [u'']), ('flush', [])], [3, 0, None], [u'one', u'']),
    'lines': ([('writelines', [[u'a\n', u'b']])], [None], [u'a\n', u'b']),
    'bytes': ([('write', [b'a\xff'])], [2], [b'a\xff']),
    'closing': ([('write', [u'a']), ('close', []), ('close', []), ('write', [u'b']), ('closed', [])],
                [1, None, None, 'raises ValueError', True], [u'a']),
    'what kind': ([('isatty', []), ('mode', []), ('readable', []), ('writable', []),
                   ('seekable', []), ('closed', [])],
                  [False, 'w', False, True, False, False], []),
}


def has_bytes(value):
    """Tells whether there are bytes somewhere in it."""
    if isinstance(value, (list, tuple)):
        return any(has_bytes(member) for member in value)
    return isinstance(value, bytes)
