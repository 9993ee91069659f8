# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Packs the worker's files into the one line that is sent to an interpreter.

    pack.py OUTPUT START_FILE FILE...
    pack.py --strip OUTPUT FILE

Comments, docstrings and blank lines are left out, and indentation is one blank a level. The files
are joined in the given order; what is marked by a comment line `# later` goes, definition by
definition, into a second part, which the worker compiles piece by piece when it is needed. The
first part also goes in as compiled code, for interpreters like the one that runs this program.

The second form only strips a file that is sent by itself.
"""

import ast
import base64
import binascii
import importlib.util
import io
import marshal
import sys
import textwrap
import tokenize
import zlib


def docstrings(tree):
    """Gives {first line: (last line, whether it is all that is there)} of the docstrings."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) \
                and node.body and isinstance(node.body[0], ast.Expr) \
                and isinstance(node.body[0].value, ast.Constant) \
                and isinstance(node.body[0].value.value, str):
            alone = len(node.body) == 1 and not isinstance(node, ast.Module)
            found[node.body[0].lineno] = (node.body[0].end_lineno, alone)
    return found


def without_docstrings(tree):
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) \
                and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
            if not node.body and not isinstance(node, ast.Module):
                node.body = [ast.Pass()]
    return ast.dump(tree)


def strip(source):
    """Makes source shorter that means the same."""
    drop = docstrings(ast.parse(source))
    lines = []
    words = []
    level = 0
    skip_to = 0
    end = (0, 0)
    for kind, text, start, stop, _ in tokenize.generate_tokens(io.StringIO(source).readline):
        if kind == tokenize.INDENT:
            level += 1
        elif kind == tokenize.DEDENT:
            level -= 1
        elif kind == tokenize.NEWLINE:
            if words:
                lines.append(' ' * level + ''.join(words))
            words = []
        elif kind in (tokenize.COMMENT, tokenize.NL, tokenize.ENDMARKER):
            pass
        else:
            if not words and start[0] in drop and kind == tokenize.STRING:
                skip_to, alone = drop[start[0]]
                if alone:
                    words.append('pass')
            if start[0] <= skip_to:
                continue
            # Blanks inside a line stay where two words need one.
            if words and (words[-1][-1:] + text[:1]).replace('_', 'a').isalnum():
                words.append(' ')
            elif words and start[0] == end[0] and start[1] > end[1] \
                    and (words[-1][-1:].isdigit() or text[:1] in '"\'.'):
                words.append(' ')
            words.append(text)
        end = stop
    stripped = '\n'.join(lines) + '\n'
    if ast.dump(ast.parse(stripped)) != without_docstrings(ast.parse(source)):
        raise SystemExit('pack.py: stripping changed the meaning of:\n' + source)
    return stripped


def split(source):
    """Gives the source with stubs for what is marked as later, and {name: source} of that."""
    lines = source.splitlines(True)
    later = {}

    def take(nodes, owner):
        for node in reversed(nodes):
            if not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                continue
            if lines[node.lineno - 2].strip() == '# later' and not node.decorator_list:
                name = owner + node.name
                later[name] = textwrap.dedent(''.join(lines[node.lineno - 1:node.end_lineno]))
                lines[node.lineno - 2:node.end_lineno] = [
                    "%s%s = _later('%s')\n" % (' ' * node.col_offset, node.name, name)]
            elif isinstance(node, ast.ClassDef):
                take(node.body, node.name + '.')

    take(ast.parse(source).body, '')
    if '# later\n' in ''.join(lines):
        raise SystemExit('pack.py: "# later" must stand directly before a definition')
    return ''.join(lines), later


def encode(data):
    return base64.b64encode(zlib.compress(data, 9)).decode('ascii')


def pack(start, files):
    early = []
    later = {}
    for name in files:
        with open(name, encoding='ascii') as file:
            source, marked = split(file.read())
        early.append(strip(source))
        later.update((name, strip(marked[name])) for name in marked)
    early = ''.join(early).encode('ascii')
    later = '\0'.join(part for name in sorted(later) for part in (name, later[name]))
    # Compiled here for interpreters like the one that runs this: that saves most of the start-up.
    code = marshal.dumps(compile(early, '<execnet worker>', 'exec', dont_inherit=True, optimize=0))
    with open(start, encoding='ascii') as file:
        line = strip(file.read())
    for key, value in (('EARLY', encode(early)), ('LATER', encode(later.encode('ascii'))),
                       ('CODE', encode(code)),
                       ('MAGIC', binascii.hexlify(importlib.util.MAGIC_NUMBER).decode('ascii')),
                       ('TAG', sys.implementation.cache_tag)):
        line = line.replace('@%s@' % key, value)
    if line.count('@') != 2 or line.count('@OPTIONS@') != 1:
        raise SystemExit('pack.py: only the placeholder for the options must be left, once')
    return repr(line) + '\n'


def main():
    if sys.argv[1] == '--strip':
        output, name = sys.argv[2:]
        with open(name, encoding='ascii') as file:
            packed = strip(file.read())
    else:
        output, start, *files = sys.argv[1:]
        packed = pack(start, files)
    with open(output, 'w', encoding='ascii') as file:
        file.write(packed)


if __name__ == '__main__':
    main()
