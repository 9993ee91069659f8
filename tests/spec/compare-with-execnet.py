#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random specifications are read here as execnet reads them.

Usage: compare-with-execnet.py PRINT_XSPECS [SEED]
"""

import random
import subprocess
import sys

import execnet

COUNT = 3000
WORDS = ['popen', 'ssh', 'socket', 'python', 'id', 'nice', 'own', 'env:A', 'env:B', 'env', 'env:',
         'env:_C', '_own', 'köln', 'a b', '', 'chdir', 'dont_write_bytecode', '/x', '-']
VALUES = ['', 'x', '1', 'a=b', 'two words', "'quoted'", 'a/b', '日本', '=', 'x/', ':', '-5']


def random_spec(generator):
    parts = []
    for _ in range(generator.randint(1, 4)):
        part = generator.choice(WORDS)
        if generator.random() < 0.6:
            part += '=' + generator.choice(VALUES)
        parts.append(part)
    return '//'.join(parts)


def wanted(text):
    """What execnet makes of it, as keys and values; None for an error."""
    try:
        spec = execnet.XSpec(text)
    except (AttributeError, IndexError, ValueError):
        return None
    found = {key: value for key, value in vars(spec).items() if key not in ('_spec', 'env')}
    found.update(('env:' + key, value) for key, value in spec.env.items())
    # Without a value and with an empty one is the same here.
    return {key: '' if value is True else value for key, value in found.items()}


def is_stricter(text):
    """Where this library refuses on purpose what execnet takes: a variable that is given twice,
    has no name or no value."""
    variables = [part for part in text.split('//') if part.startswith('env:')]
    names = [part.partition('=')[0] for part in variables]
    return (len(set(names)) < len(names) or 'env:' in names
            or any('=' not in part for part in variables))


def answers(program, texts):
    output = subprocess.run([program], input='\n'.join(texts) + '\n', check=True,
                            stdout=subprocess.PIPE, encoding='utf-8').stdout
    for line in output.splitlines():
        kind, *fields = line.split('\t')
        yield None if kind == 'error' else dict(zip(fields[::2], fields[1::2]))


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32)
    generator = random.Random(seed)
    texts = sorted({random_spec(generator) for _ in range(COUNT)})
    counts = {'taken': 0, 'refused': 0, 'stricter': 0}
    faults = []
    for text, found in zip(texts, answers(sys.argv[1], texts), strict=True):
        expected = wanted(text)
        if expected is not None and is_stricter(text):
            counts['stricter'] += 1
            expected = None
        else:
            counts['refused' if expected is None else 'taken'] += 1
        if found != expected:
            faults.append('%r: %r here, %r there' % (text, found, expected))
    for fault in faults[:10]:
        print('# ' + fault)
    print('# seed %d, execnet %s: %s' % (seed, execnet.__version__, counts))
    good = not faults and all(counts.values())
    print('%s 1 specifications are read as execnet reads them\n1..1' % ('ok' if good else 'not ok'))
    sys.exit(not good)


if __name__ == '__main__':
    main()
