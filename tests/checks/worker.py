#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The worker's files keep to what both Python 2.7 and Python 3.4 have, as far as can be seen without
running them: syntax, modules and what is used of them, built-in names.

What only one of them has stands behind a question for the version (`if PYTHON_2`, `hasattr`), or in
a `try` with a handler for ImportError.
"""

import ast
import builtins

from tree import Report, ROOT, shown, source_files, text_of

OLDEST = (3, 4)

# What both have of the modules that the worker uses. To use more of them, look whether both have it.
BOTH = {
    '__future__': ['print_function'],
    '_collections': ['deque'],
    '_struct': ['Struct', 'error', 'pack', 'unpack'],
    '_weakref': ['ref'],
    'argparse': ['ArgumentParser'],
    'ast': ['literal_eval'],
    'binascii': ['a2b_base64', 'a2b_hex', 'b2a_base64', 'b2a_hex', 'hexlify'],
    'errno': ['EAGAIN', 'ECONNREFUSED', 'EINPROGRESS', 'EINTR', 'EMFILE', 'ENFILE', 'ENOBUFS',
              'ENOMEM', 'ENOSYS', 'EPIPE', 'ETIMEDOUT', 'EWOULDBLOCK', 'errorcode'],
    'fcntl': ['FD_CLOEXEC', 'F_GETFD', 'F_GETFL', 'F_SETFD', 'F_SETFL', 'fcntl'],
    'hashlib': ['sha256'],
    'hmac': ['compare_digest', 'new'],
    'io': ['BytesIO', 'FileIO', 'StringIO', 'TextIOWrapper', 'open'],
    'linecache': ['cache', 'checkcache', 'getline'],
    'marshal': ['dumps', 'loads'],
    'os': ['O_APPEND', 'O_CREAT', 'O_EXCL', 'O_NONBLOCK', 'O_RDONLY', 'O_RDWR', 'O_WRONLY',
           'WEXITSTATUS', 'WIFSIGNALED', 'WNOHANG', 'WTERMSIG', '_exit', 'chdir', 'chmod', 'close',
           'devnull', 'dup', 'dup2', 'environ', 'fdopen', 'fork', 'fstat', 'getcwd', 'getpid',
           'kill', 'killpg', 'listdir', 'mkdir', 'nice', 'open', 'path', 'pipe', 'read', 'rmdir',
           'setsid', 'stat', 'strerror', 'umask', 'unlink', 'urandom', 'waitpid', 'write'],
    'select': ['POLLHUP', 'POLLIN', 'POLLOUT', 'error', 'poll', 'select'],
    'signal': ['SIGCHLD', 'SIGHUP', 'SIGINT', 'SIGKILL', 'SIGTERM', 'SIG_DFL',
           'default_int_handler', 'set_wakeup_fd', 'signal'],
    'socket': ['AF_INET', 'AF_INET6', 'AF_UNIX', 'IPPROTO_IPV6', 'IPPROTO_TCP', 'IPV6_V6ONLY',
           'MSG_PEEK', 'SHUT_RDWR', 'SHUT_WR', 'SOCK_STREAM', 'SOL_SOCKET', 'SO_KEEPALIVE', 'SO_REUSEADDR',
           'TCP_NODELAY', 'create_connection', 'error', 'getaddrinfo', 'socket', 'socketpair'],
    'ssl': ['OP_NO_TLSv1', 'OP_NO_TLSv1_1', 'Purpose', 'create_default_context'],
    'stat': ['S_IROTH', 'S_ISREG', 'S_ISSOCK', 'S_IWGRP', 'S_IWOTH'],
    'struct': ['Struct', 'error', 'pack', 'unpack'],
    'subprocess': ['Popen'],
    'sys': ['__stderr__', '__stdin__', '__stdout__', 'argv', 'exc_info', 'executable', 'exit',
           'modules', 'platform', 'stderr', 'stdin', 'stdout', 'version_info'],
    'tempfile': ['gettempdir', 'mkdtemp'],
    'threading': ['Condition', 'Semaphore', 'Thread', 'enumerate'],
    'time': ['sleep', 'time'],
    'traceback': ['format_exception', 'format_exception_only', 'format_tb', 'print_exc'],
    'zlib': ['compress', 'decompress'],
}

# What is there by other means: the interpreter it belongs to, or what was asked for before.
SPECIAL = {
    'jython.py': ['jarray', 'os._posix_impl'],
    'output.py': ['os._posix_impl'],
    'green.py': ['eventlet', 'eventlet.green', 'gevent'],
    # Only where _frozen_importlib_external is.
    'start.py': ['sys.implementation'],
    # Internals of both, as far back as they matter.
    'threads.py': ['threading._MainThread', 'threading._active'],
}

ONLY_3 = {name for name, value in vars(builtins).items()
          if isinstance(value, type) and issubclass(value, (OSError, Warning))}
ONLY_3 -= {'OSError', 'EnvironmentError', 'IOError', 'BytesWarning', 'DeprecationWarning',
           'FutureWarning', 'ImportWarning', 'PendingDeprecationWarning', 'RuntimeWarning',
           'SyntaxWarning', 'UnicodeWarning', 'UserWarning', 'Warning'}
ONLY_3 |= {'aiter', 'anext', 'ascii', 'breakpoint', 'BaseExceptionGroup', 'ExceptionGroup',
           'ModuleNotFoundError', 'RecursionError', 'StopAsyncIteration'}
ONLY_2 = {'apply', 'basestring', 'buffer', 'cmp', 'coerce', 'execfile', 'file', 'intern', 'long',
          'raw_input', 'reduce', 'reload', 'unichr', 'unicode', 'xrange'}
NEWER_METHODS = {'bit_count', 'casefold', 'format_map', 'from_bytes', 'isascii', 'removeprefix',
                 'removesuffix', 'to_bytes'}
NOT_IN_2 = {
    ast.AnnAssign: 'an annotation', ast.AsyncFunctionDef: 'async', ast.Await: 'await',
    ast.JoinedStr: 'an f-string', ast.MatMult: 'the operator @', ast.NamedExpr: 'the operator :=',
    ast.Nonlocal: 'nonlocal', ast.YieldFrom: 'yield from',
}
QUESTIONS = ('PYTHON_2', 'JYTHON', 'hasattr', 'version_info')


def worker_files():
    return [path for path in source_files('*.py', below=ROOT / 'bootstrap')
            if path.name != 'pack.py']


class Finder(ast.NodeVisitor):
    """Collects (line, what) of one file."""

    def __init__(self, path, defined):
        self.special = SPECIAL.get(path.name, [])
        self.defined = defined
        self.asked = 0
        self.found = []

    def fault(self, node, what):
        self.found.append((node.lineno, what))

    def generic_visit(self, node):
        if type(node) in NOT_IN_2:
            self.fault(node, '%s is not in Python 2.7' % NOT_IN_2[type(node)])
        super().generic_visit(node)

    def visit_parts(self, nodes, asked):
        self.asked += asked
        for node in nodes:
            self.visit(node)
        self.asked -= asked

    def visit_If(self, node):
        asked = any(word in ast.unparse(node.test) for word in QUESTIONS)
        self.visit(node.test)
        body, rest = node.body, node.orelse
        if isinstance(body, list):
            self.visit_parts(body, asked)
            self.visit_parts(rest, asked)
        else:
            self.visit_parts([body, rest], asked)

    visit_IfExp = visit_If

    def visit_BoolOp(self, node):
        asked = False
        for value in node.values:
            self.visit_parts([value], asked)
            asked = asked or any(word in ast.unparse(value) for word in QUESTIONS)

    def visit_Try(self, node):
        asked = any(handler.type is not None and 'ImportError' in ast.unparse(handler.type)
                    for handler in node.handlers)
        self.visit_parts(node.body, asked)
        for handler in node.handlers:
            self.visit_parts(handler.body, asked)
        self.visit_parts(node.orelse + node.finalbody, False)

    def visit_Import(self, node):
        for alias in node.names:
            self.check_module(node, alias.name)

    def visit_ImportFrom(self, node):
        if self.check_module(node, node.module):
            for alias in node.names:
                self.check_use(node, node.module, alias.name)

    def check_module(self, node, name):
        if name in BOTH:
            return True
        if not self.asked and name not in self.special:
            self.fault(node, 'the module %s is in no list of what both have' % name)
        return False

    def check_use(self, node, module, name):
        if not (name in BOTH[module] or self.asked
                or '%s.%s' % (module, name) in self.special):
            self.fault(node, '%s.%s is in no list of what both have' % (module, name))

    def visit_Attribute(self, node):
        if isinstance(node.value, ast.Name) and node.value.id in BOTH:
            self.check_use(node, node.value.id, node.attr)
        elif node.attr in NEWER_METHODS and not self.asked:
            self.fault(node, 'the method %s is newer' % node.attr)
        self.generic_visit(node)

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Load) and node.id not in self.defined and not self.asked:
            if node.id in ONLY_2 | ONLY_3:
                self.fault(node, 'only one of them has the name %s' % node.id)

    def visit_Call(self, node):
        if isinstance(node.func, ast.Name) and node.func.id == 'super' and not node.args:
            self.fault(node, 'super() needs its arguments in Python 2.7')
        self.generic_visit(node)

    def visit_FunctionDef(self, node):
        arguments = node.args
        everything = arguments.args + arguments.kwonlyargs + [arguments.vararg, arguments.kwarg]
        if arguments.kwonlyargs or arguments.posonlyargs:
            self.fault(node, 'arguments that are keywords or positions alone are not in Python 2.7')
        if node.returns or any(argument and argument.annotation for argument in everything):
            self.fault(node, 'an annotation is not in Python 2.7')
        self.generic_visit(node)

    def visit_ClassDef(self, node):
        if node.keywords:
            self.fault(node, 'keywords of a class are not in Python 2.7')
        self.generic_visit(node)

    def visit_Raise(self, node):
        if node.cause:
            self.fault(node, 'raise from is not in Python 2.7')
        self.generic_visit(node)

    def visit_Assign(self, node):
        if any(isinstance(part, ast.Starred) for target in node.targets
               for part in ast.walk(target)):
            self.fault(node, 'a starred target is not in Python 2.7')
        self.generic_visit(node)

    def visit_BinOp(self, node):
        if isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant) \
                and isinstance(node.left.value, bytes):
            self.fault(node, 'bytes have no formatting in Python 3.4')
        self.generic_visit(node)


def defined_names(trees):
    """The names that the files bind at their top levels, together."""
    return {part.name if isinstance(part, (ast.FunctionDef, ast.ClassDef)) else part.id
            for tree in trees for part in ast.walk(tree)
            if isinstance(part, (ast.FunctionDef, ast.ClassDef))
            or isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}


def parse(path):
    return ast.parse(text_of(path), str(path), feature_version=OLDEST)


def faults_of(path, defined):
    finder = Finder(path, defined)
    finder.visit(parse(path))
    for line, what in finder.found:
        yield '%s:%d: %s' % (shown(path), line, what)


# Each must be found, or the check is worth nothing.
BAD = '''
import asyncio
import os.path, dataclasses
os.set_blocking(0, False)
os.pidfd_open(0)
b'%d' % 1
def f(a, *, b): pass
def f(a: int): pass
class C(B, metaclass=M): pass
super().x
xrange(3)
raise FileNotFoundError()
'x'.removeprefix('y')
raise A from B
a, *b = c
f'{x}'
nonlocal x
'''


def missed():
    lines = BAD.strip().splitlines()
    finder = Finder(ROOT / 'bad.py', set())
    finder.visit(ast.parse('\n'.join(lines)))
    found = {line for line, _ in finder.found}
    for number, line in enumerate(lines, 1):
        if number not in found:
            yield 'this was not found: ' + line


def main():
    report = Report()
    files = worker_files()
    defined = defined_names(map(parse, files))
    report.point('the worker keeps to Python 2.7 and 3.4', len(files),
                 (fault for path in files for fault in faults_of(path, defined)))
    report.point('what is newer would be found', len(BAD), missed())
    report.end()


if __name__ == '__main__':
    main()
