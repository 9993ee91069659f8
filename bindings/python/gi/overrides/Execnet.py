# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""execnet's own names for PyGObject: `from gi.repository import Execnet as execnet`.

Programs written for execnet find its functions, classes, arguments and exceptions here; the
library's names, signals and properties stay beside them.
"""

import sys

import gi

gi.require_version('Execnet', '1.0')

from ..module import get_introspection_module  # noqa: E402
from ._execnet_channel import Channel  # noqa: E402
from ._execnet_errors import HostNotFound, RemoteError, TimeoutError  # noqa: E402
from ._execnet_gateway import Gateway  # noqa: E402
from ._execnet_group import Group  # noqa: E402
from ._execnet_items import (DataFormatError, DumpError, LoadError,  # noqa: E402
                             dump, dumps, load, loads)
from ._execnet_map import Map  # noqa: E402
from ._execnet_multi import MultiChannel  # noqa: E402
from ._execnet_source import in_main_thread  # noqa: E402
from ._execnet_xspec import XSpec  # noqa: E402

_library = get_introspection_module('Execnet')

__version__ = '%d.%d.%d' % (_library.MAJOR_VERSION, _library.MINOR_VERSION,
                            _library.MICRO_VERSION)

# A plain popen means the interpreter that runs this program.
_library.set_default_python(sys.executable or None)

default_group = Group.get_default()
makegateway = default_group.makegateway
set_execmodel = default_group.set_execmodel

__all__ = ['__version__', 'Channel', 'DataFormatError', 'DumpError', 'Gateway', 'Group',
           'HostNotFound', 'LoadError', 'Map', 'MultiChannel', 'RemoteError', 'TimeoutError',
           'XSpec', 'default_group', 'dump', 'dumps', 'in_main_thread', 'load', 'loads',
           'makegateway', 'set_execmodel']
