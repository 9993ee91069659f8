# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Gateways as execnet has them."""

import sys

from ..module import get_introspection_module
from ..overrides import override
from . import _execnet_callbacks as callbacks
from ._execnet_channel import load_flags
from ._execnet_errors import checked
from ._execnet_items import dump_sent
from ._execnet_models import ExecModel
from ._execnet_source import source_to_call, source_to_execute
from ._execnet_wait import check_timeout, complete, wait

Execnet = get_introspection_module('Execnet')


class RInfo:
    """What the other side says of itself, as attributes."""

    # There beside execnet's own, which are all that its representation shows.
    _MORE = frozenset(['implementation', 'numqueued', 'protocol'])

    def __init__(self, kwargs):
        self.__dict__.update(kwargs)

    def __repr__(self):
        shown = ', '.join('%s=%s' % (name, value) for name, value in sorted(vars(self).items())
                          if name not in self._MORE)
        return '<RInfo %r>' % shown


@override
class Gateway(Execnet.Gateway):
    """A Python interpreter somewhere, and the connection to it; `makegateway` makes one.

    Thread: any. Calls on a gateway that has ended raise OSError with the attributes
    `exit_status`, `term_signal` and `last_output`.
    """

    # The only module from which PyGObject takes a class for one of the library's.
    __module__ = 'gi.overrides.Execnet'

    # Objects that are made in C skip __init__.
    _callback_thread = None
    _has_left = False
    _named_channels = None
    _spec = None

    exc_info = staticmethod(sys.exc_info)

    @property
    def id(self):
        """The gateway's name in its group, a str."""
        return self.get_id()

    @property
    def spec(self):
        """The XSpec that `makegateway` was given or made; changing it doesn't change the gateway."""
        return self._spec or self.get_spec()

    @property
    def execmodel(self):
        """The execution model of this side; its name is its `backend`."""
        group = self.dup_group()
        return ExecModel('thread') if group is None else group.execmodel

    def __repr__(self):
        return '<Gateway id=%r %s, %s model, %d active channels>' % (
            self.id, 'receive-live' if self.hasreceiver() else 'not-receiving',
            self.execmodel.backend, self.get_n_channels())

    # Running code

    def remote_exec(self, source, **kwargs):
        """Run `source` on the other side; returns the Channel that it has as `channel`.

        `source` is a str, a module, or a function; the function is called with the channel and
        `kwargs`. It must be pure, because nothing around it is there: no closure, no global names
        but the built-in ones, its first argument named `channel`; else ValueError is raised. The
        channel is closed when the code ends, with a RemoteError if that raised an exception.
        """
        executable = source_to_execute(source, bool(kwargs))
        return checked(self, self.remote_exec_bytes, executable, _dump_arguments(kwargs))

    def call(self, source, /, **kwargs):
        """Call a function on the other side with `kwargs`, and return what it returns.

        `source` is a function, pure as for `remote_exec`; or a str that defines one; or an
        Execnet.Source made with `new_function`. Waits; raises RemoteError when the function
        raised an exception, or its value can't be sent, and EOFError when the gateway has died.
        """
        channel = checked(self, self.start_call, source_to_call(source), _dump_arguments(kwargs))
        return channel.receive()

    def newchannel(self):
        """Return a new Channel, which the other side has when it gets it in an item."""
        return checked(self, self.new_channel)

    def reconfigure(self, py2str_as_py3str=True, py3str_as_py2str=False):
        """Set how strings of Python 2 and 3 are read in the items of channels made from now on.

        Holds for both sides; see `loads`.
        """
        checked(self, super().reconfigure, load_flags(py2str_as_py3str, py3str_as_py2str))

    # What the other side says of itself

    def remote_status(self):
        """Ask for `execmodel`, `numchannels`, `numexecuting`, `numqueued`, as an RInfo; waits."""
        return RInfo(checked(self, self.request_status).receive())

    def _rinfo(self, update=False):
        """Return `executable`, `cwd`, `pid`, `platform`, `version_info` and more, as an RInfo.

        They are those of the start; with `update` the other side is asked anew.
        """
        if update:
            information = checked(self, complete, self.remote_information_async,
                                  self.remote_information_finish, True)
        else:
            information = checked(self, self.remote_information, False, None)
        return RInfo(information.unpack())

    # Ending

    def hasreceiver(self):
        """Tell whether the connection is up."""
        return self.get_state() == Execnet.GatewayState.RUNNING

    def exit(self):
        """Ask the other side to end, and leave the group; waits for nothing."""
        super().exit()
        self._has_left = True
        callbacks.finish(self)

    def join(self, timeout=None):
        """Wait until the gateway has ended; at most `timeout` seconds, unless that is None."""
        check_timeout(timeout)
        wait(self.wait_closed, timeout)

    def remote_init_threads(self, num=None):
        """Do nothing: threads are there without asking, as in execnet since 1.2."""


def _dump_arguments(kwargs):
    return dump_sent(kwargs) if kwargs else None
