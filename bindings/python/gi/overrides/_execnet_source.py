# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Python code in its many forms, made ready to be sent."""

import builtins
import inspect
import os
import re
import textwrap
import types

from ..module import get_introspection_module

Execnet = get_introspection_module('Execnet')

_FUNCTION = re.compile(r'^(?:async[ \t]+)?def[ \t]+(\w+)', re.MULTILINE)


def source_to_execute(source, has_arguments):
    """Return the Execnet.Source for remote_exec: of a str, a function, a module or a Source."""
    if isinstance(source, types.FunctionType):
        _check_first_argument(source)
        return _of_function(source)
    if isinstance(source, Execnet.Source) and source.get_function_name() is not None:
        return source
    if has_arguments:
        raise TypeError("only a function takes keyword arguments: can't pass them to %r"
                        % (source,))
    if isinstance(source, str):
        return Execnet.Source.new(textwrap.dedent(source))
    if isinstance(source, types.ModuleType):
        return _of_module(source)
    if isinstance(source, Execnet.Source):
        return source
    raise TypeError("can't execute %r: only text, a function written in Python, or a module"
                    % (source,))


def in_main_thread(source):
    """Return an Execnet.Source of `source` that asks for the worker's main thread.

    `source` is what `remote_exec` takes. The code waits until the main thread is free, behind code
    that asked earlier, in any execution model.
    """
    return source_to_execute(source, False).in_main_thread()


def source_to_call(source):
    """Return the Execnet.Source for call: of a function, a str that defines one, or a Source."""
    if isinstance(source, types.FunctionType):
        return _of_function(source)
    if isinstance(source, str):
        text = textwrap.dedent(source)
        names = _FUNCTION.findall(text)
        if len(set(names)) != 1:
            raise ValueError('the text must define exactly one function at its top level, not %d; '
                             'say which one with Execnet.Source.new_function' % len(set(names)))
        return Execnet.Source.new_function(text, names[0])
    if isinstance(source, Execnet.Source):
        if source.get_function_name() is None:
            raise ValueError('the source names no function; make it with '
                             'Execnet.Source.new_function')
        return source
    raise TypeError("can't call %r: only a function written in Python, or text that defines one"
                    % (source,))


def _of_function(function):
    if function.__name__ == '<lambda>':
        raise ValueError("a lambda can't be sent: give it a name with def")
    if function.__closure__:
        raise ValueError("%r can't be sent: it uses variables of the function around it: %s"
                         % (function, ', '.join(function.__code__.co_freevars)))
    try:
        lines, first_line = inspect.getsourcelines(function)
    except (OSError, TypeError) as error:
        raise ValueError("can't find the source of %r: %s" % (function, error)) from None
    text = ''.join(lines)
    if text[0] in ' \t':
        # As it stands, because removing the indentation would change texts over several lines.
        text = 'if 1:\n' + text
        first_line -= 1
    _check_globals(function, text)
    return Execnet.Source.new_full(text, _file_name(function), first_line, function.__name__)


def _of_module(module):
    try:
        text = inspect.getsource(module)
    except (OSError, TypeError) as error:
        raise ValueError("can't find the source of %r: %s" % (module, error)) from None
    return Execnet.Source.new_full(text, _file_name(module), 1, None)


def _file_name(thing):
    # A file name need not be text, but tracebacks are.
    return os.fsencode(inspect.getsourcefile(thing)).decode('utf-8', 'replace')


def _check_first_argument(function):
    code = function.__code__
    if not code.co_argcount or code.co_varnames[0] != 'channel':
        raise ValueError('the first argument of %r must be `channel`' % (function,))


def _check_globals(function, text):
    """Raise ValueError when the function is not pure: nothing around it is there remotely."""
    import symtable

    module = symtable.symtable(text, _file_name(function), 'exec')
    defined = {function.__name__, *dir(builtins)}
    names = sorted(_global_names(module) - defined)
    if names:
        raise ValueError("%r can't be sent: it uses global names that aren't built in: %s; import "
                         'modules inside the function, and pass values as arguments'
                         % (function, ', '.join(names)))


def _global_names(table):
    """Return the names that code uses or sets at the top level of its module."""
    at_top = table.get_type() == 'module'
    names = {symbol.get_name() for symbol in table.get_symbols()
             if (at_top or symbol.is_global())
             and (symbol.is_referenced() or symbol.is_declared_global())}
    for child in table.get_children():
        names |= _global_names(child)
    return names
