# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The line that is sent, and the source that it is made of."""

import ast
import base64
import glob
import os
import subprocess
import sys
import unittest

import interpreters
from driver import BOOTSTRAP, LINE_FILE, serializer

sys.path.insert(0, BOOTSTRAP)
import pack  # noqa: E402

SOURCES = sorted(set(glob.glob(os.path.join(BOOTSTRAP, '*.py')))
                 - {os.path.join(BOOTSTRAP, 'pack.py')})


class Line(unittest.TestCase):

    def setUp(self):
        with open(LINE_FILE, 'rb') as file:
            self.line = file.read()

    def test_is_one_line_of_ascii(self):
        self.assertTrue(self.line.isascii())
        self.assertEqual(self.line.count(b'\n'), 1)
        self.assertTrue(self.line.endswith(b'\n'))

    def test_is_a_literal_with_a_place_for_the_options(self):
        self.assertIs(type(ast.literal_eval(self.line.decode())), str)
        self.assertEqual(self.line.count(b'@OPTIONS@'), 1)
        self.assertEqual(self.line.count(b'@'), 2)

    def test_is_not_too_long(self):
        self.assertLess(len(self.line), 80000)


class Strip(unittest.TestCase):

    def test_keeps_the_meaning(self):
        source = '''"""Module."""
# A comment.

import os  # behind code

def f(a, b=('x' 'y'),
      c=3):
    """Docstring,
    with lines."""
    text = """not a
    # docstring"""  # but a comment
    if a in b and not a is c:
        return - 1 if a else 1.
    return {'#': a .real, 'k':lambda: ()}

class C(object):
    "Docstring only."

class D(object):
    "Docstring."
    x = 1
'''
        stripped = pack.strip(source)
        self.assertNotIn('comment.', stripped)
        self.assertNotIn('Docstring', stripped)
        self.assertIn('# docstring', stripped)
        self.assertNotIn('\n\n', stripped)
        for text in (source, stripped):
            namespace = {}
            exec(text, namespace)
            self.assertEqual(namespace['f']('x'), -1)
            self.assertEqual(namespace['D'].x, 1)

    def test_splits_what_is_marked(self):
        early, later = pack.split(
            'a = 1\n\n\n# later\ndef f():\n    return 2\n\n\nclass C(object):\n    # later\n'
            '    def m(self):\n        return 3\n\n    def n(self):\n        return 4\n')
        self.assertEqual(sorted(later), ['C.m', 'f'])
        self.assertEqual(later['C.m'], 'def m(self):\n    return 3\n')
        self.assertIn("f = _later('f')\n", early)
        self.assertIn("    m = _later('C.m')\n", early)
        self.assertIn('def n(self)', early)

    def test_refuses_a_mark_before_something_else(self):
        with self.assertRaises(SystemExit):
            pack.split('# later\n\ndef f():\n    pass\n')


@interpreters.each_interpreter
class Syntax:
    """Every file is understood by every interpreter, though they are never imported there."""

    def test_compiles(self):
        program = '''if 1:
            import sys
            for name in sys.argv[1:]:
                with open(name) as file:
                    compile(file.read(), name, 'exec')
            '''
        subprocess.run(self.python + ['-c', program] + SOURCES, check=True, timeout=120)


class OldSyntax(unittest.TestCase):
    """Where no old interpreter is at hand, this says what it would refuse."""

    NEW = (ast.JoinedStr, ast.AnnAssign, ast.AsyncFunctionDef, ast.Await, ast.YieldFrom,
           ast.NamedExpr, ast.Nonlocal, ast.MatMult)

    def test_nothing_newer_than_2_7_and_3_4(self):
        for name in SOURCES:
            with open(name, encoding='ascii') as file:
                tree = ast.parse(file.read(), name)
            for node in ast.walk(tree):
                place = '%s:%s' % (os.path.basename(name), getattr(node, 'lineno', '?'))
                self.assertNotIsInstance(node, self.NEW, place)
                if isinstance(node, ast.arguments):
                    self.assertFalse(node.kwonlyargs or node.posonlyargs, place)
                    for argument in node.args:
                        self.assertIsNone(argument.annotation, place)
                elif isinstance(node, ast.FunctionDef):
                    self.assertIsNone(node.returns, place)
                elif isinstance(node, ast.ClassDef):
                    self.assertFalse(node.keywords, place)
                elif isinstance(node, ast.Raise):
                    self.assertIsNone(node.cause, place)
                elif isinstance(node, ast.Call):
                    self.assertLessEqual(
                        sum(isinstance(a, ast.Starred) for a in node.args), 1, place)


class Compiled(unittest.TestCase):
    """The interpreter that packed the line runs compiled code, others the same source."""

    def test_both_forms_work(self):
        with open(LINE_FILE) as file:
            line = file.read()
        options = base64.b64encode(
            serializer.dumps({'id': 'test', 'execmodel': 'thread'})).decode()
        tag = sys.implementation.cache_tag
        self.assertIn(tag, line)
        for text in (line, line.replace(tag, 'something else')):
            worker = subprocess.Popen(
                [sys.executable, '-c', 'import sys;exec(eval(sys.stdin.readline()))'],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            output, _ = worker.communicate(text.replace('@OPTIONS@', options).encode())
            self.assertEqual(output[:2], b'1\x08')


if __name__ == '__main__':
    interpreters.main()
