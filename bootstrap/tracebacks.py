# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is said about an exception: the text of its traceback, its type and its message."""

INTERRUPTED = (u'keyboard-interrupted', u'KeyboardInterrupt', u'')

traceback_lock = allocate_lock()


# later
def describe_error(task=None):
    """Describes the exception that is being handled; task has the code that raised it."""
    kind, value, frames = sys.exc_info()
    if kind is KeyboardInterrupt:
        return INTERRUPTED
    try:
        message = text_of(u'%s' % (value,) if PYTHON_2 else str(value))
    except Exception:
        message = u'<unprintable %s object>' % kind.__name__
    name = getattr(kind, '__qualname__', kind.__name__)
    if kind.__module__ not in ('builtins', 'exceptions'):
        name = '%s.%s' % (kind.__module__, name)
    try:
        text = format_traceback(kind, value, frames, task)
    except Exception:
        text = u'%s: %s\n' % (name, message)
    return text, text_of(name), message


# later
def format_traceback(kind, value, frames, task):
    import linecache
    import traceback
    with traceback_lock:
        if task is not None:
            # The lines that were sent, not those of a file that has the same name here.
            name = native(task.file_name)
            lines = [native(line) + '\n' for line in task.source.split('\n')]
            lines = ['\n'] * (task.first_line - 1) + lines
            linecache.cache[name] = (len(task.source), None, lines, name)
        text = ''.join(traceback.format_exception(kind, value, frames))
    # The worker's own frames have no source line: they are one line each.
    return u''.join(text_of(line) for line in text.splitlines(True)
                    if not line.lstrip(' |').startswith('File "<execnet worker>", '))
