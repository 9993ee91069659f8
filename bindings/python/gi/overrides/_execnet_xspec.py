# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Gateway specifications whose keys are attributes."""

from collections.abc import MutableMapping

from ..module import get_introspection_module
from ..overrides import override
from ._execnet_errors import checked

Execnet = get_introspection_module('Execnet')

_ENV = 'env:'


class _Environment(MutableMapping):
    """The environment variables of a specification: what is set here is set there."""

    def __init__(self, spec):
        self._spec = spec

    def __getitem__(self, name):
        return self._spec.get_env()[name]

    def __setitem__(self, name, value):
        checked(None, self._spec.set, _ENV + name, str(value))

    def __delitem__(self, name):
        self[name]
        checked(None, self._spec.set, _ENV + name, None)

    def __iter__(self):
        return iter(self._spec.get_env())

    def __len__(self):
        return len(self._spec.get_env())

    def __repr__(self):
        return repr(dict(self))


@override
class XSpec(Execnet.XSpec):
    """Says where and how a gateway's interpreter is started, such as `popen//python=python3`.

    Every key is an attribute: its value as a str, True for a key without a value, None for one
    that isn't set. `env` is a mapping of environment variables. A specification equals another
    with the same text, and that text itself.

    Raises ValueError, which quotes the part that is wrong. Thread: any, one at a time. Once a
    gateway uses a specification it can only be read; change a `copy` then.
    """

    # The only module from which PyGObject takes a class for one of the library's.
    __module__ = 'gi.overrides.Execnet'

    def __new__(cls, string):
        if not isinstance(string, str):
            raise TypeError('a specification is a str, not %r' % (string,))
        return checked(None, cls.new, string)

    def __init__(self, string):
        # The object is complete; the library's constructor made it.
        pass

    def __getattr__(self, name):
        if name.startswith('_'):
            raise AttributeError(name)
        value = self.get(name)
        return True if value == '' else value

    def __setattr__(self, name, value):
        if name.startswith('_'):
            super().__setattr__(name, value)
        elif name == 'env':
            self.env.clear()
            self.env.update(value)
        elif value is None or value is False:
            checked(None, self.set, name, None)
        else:
            checked(None, self.set, name, '' if value is True else str(value))

    @property
    def env(self):
        """The environment variables, a mapping of str to str."""
        return _Environment(self)

    def __eq__(self, other):
        if not isinstance(other, (str, XSpec)):
            return NotImplemented
        return str(self) == str(other)

    def __hash__(self):
        return hash(str(self))

    def __str__(self):
        return self.to_string()

    def __repr__(self):
        return '<XSpec %r>' % str(self)

    def __copy__(self):
        return self.copy()

    def __deepcopy__(self, memo):
        return self.copy()

    def __reduce__(self):
        return XSpec, (str(self),)
