# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Groups as execnet has them, and the end of all gateways with the program."""

import atexit
import math
import os
import threading

from gi.repository import GLib

from ..module import get_introspection_module
from ..overrides import override
from . import _execnet_callbacks as callbacks
from . import _execnet_green as green
from ._execnet_errors import checked, from_glib
from ._execnet_gateway import Gateway
from ._execnet_map import make_map
from ._execnet_models import ExecModel
from ._execnet_multi import MultiChannel
from ._execnet_wait import check_timeout, complete, wait
from ._execnet_xspec import XSpec

Execnet = get_introspection_module('Execnet')

# Seconds that a group has at the program's end, as with execnet.
_EXIT_TIMEOUT = 1.0

_with_gateways = set()
_lock = threading.Lock()


@override
class Group(Execnet.Group):
    """Makes gateways and holds them until they are asked to end.

    It is a sequence of its gateways, in the order of their making, which also finds them by `id`.
    At the end of the program it terminates itself. Thread: any.
    """

    # The only module from which PyGObject takes a class for one of the library's.
    __module__ = 'gi.overrides.Execnet'

    # Objects that are made in C skip __init__.
    _members = None

    def __init__(self, xspecs=(), execmodel='thread'):
        """Make a group with a gateway for each of `xspecs`, as `makegateway` does."""
        super().__init__()
        if execmodel != 'thread':
            self.set_execmodel(execmodel)
        for spec in xspecs:
            self.makegateway(spec)

    @property
    def defaultspec(self):
        """The specification, a str, for `makegateway` without one."""
        return self.dup_default_spec()

    @defaultspec.setter
    def defaultspec(self, spec):
        self.set_default_spec(str(spec))

    @property
    def execmodel(self):
        """The execution model of this side; its name is its `backend`."""
        return ExecModel(self.dup_execmodel())

    @property
    def remote_execmodel(self):
        """The execution model of workers whose specification names none."""
        return ExecModel(self.dup_remote_execmodel())

    def set_execmodel(self, execmodel, remote_execmodel=None):
        """Set the execution models of both sides, or of each, before there is a gateway.

        They are 'thread', 'main_thread_only', 'eventlet' or 'gevent'. Raises ValueError when one is
        none of these, or when the group has gateways; ImportError when a library is not there.
        """
        if len(self):
            raise ValueError('can not set execution models if gateways have been created already')
        green.set_model(execmodel)
        checked(None, super().set_execmodel, execmodel, remote_execmodel)

    # Gateways

    def makegateway(self, spec=None):
        """Start an interpreter as `spec` says, an XSpec or a str, and return its Gateway.

        Waits until it has answered. Raises ValueError when the specification or its `id` won't
        do, HostNotFound, or an OSError with the reason why there is no gateway. After Ctrl-C
        nothing is left of it.
        """
        if not isinstance(spec, XSpec):
            spec = XSpec(spec or self.defaultspec)
        if spec.id in self:
            raise ValueError('the group already has a gateway with the id %r' % spec.id)
        self.allocate_id(spec)
        # A copy is the gateway's: programs change the one that they gave, for the next gateway.
        gateway = checked(None, self.start_gateway, spec.copy())
        return self._bring_up(gateway, spec)

    def makegateway_for_stream(self, stream, spec=None):
        """Make a gateway over a Gio.IOStream at whose other end an interpreter waits for its source.

        `spec`, an XSpec or a str such as 'id=far//chdir=/srv', has nothing that says where to start
        one. The stream belongs to the gateway from then on. Raises what `makegateway` raises; see
        `Gateway.new_for_stream` of the library for what runs at the other end.
        """
        if spec is not None and not isinstance(spec, XSpec):
            spec = XSpec(spec)
        copy = None if spec is None else spec.copy()
        gateway = checked(None, Gateway.start_for_stream, self, stream, copy)
        return self._bring_up(gateway, spec)

    def _bring_up(self, gateway, spec):
        """Wait until the gateway that was started answers; return it."""
        gateway._spec = spec
        # Known from now on, it stays a member also when it dies.
        self._get_members()
        _remember(self)
        try:
            wait(gateway.wait_ready)
        except BaseException:
            gateway.kill()
            gateway.exit()
            gateway.join(_EXIT_TIMEOUT)
            raise
        error = gateway.dup_error()
        if error is not None:
            gateway.exit()
            raise from_glib(error, gateway)
        return gateway

    def makegateways(self, specs, max_parallel=0, progress=None):
        """Start an interpreter for each of `specs`, several at a time; returns the Gateways.

        At most `max_parallel` start together; 0 means a number that suits this machine. After each
        that is up, `progress (n_up, n_total)` is called here. Waits until all have answered. When
        one fails, or after Ctrl-C, nothing is left of the others; raises what `makegateway` raises.
        """
        given, specs = specs, []
        for spec in given:
            # One that is given again is a new one: each has an id of its own.
            if not isinstance(spec, XSpec) or any(spec is other for other in specs):
                spec = XSpec(str(spec or self.defaultspec))
            self.allocate_id(spec)
            specs.append(spec)
        # Copies are the gateways': programs change those that they gave, for the next ones.
        copies = [spec.copy() for spec in specs]
        self._get_members()
        _remember(self)

        def start(cancellable, callback):
            self.make_gateways_async(copies, max_parallel,
                                     progress and (lambda n_up, n_total, *_: progress(n_up, n_total)),
                                     cancellable=cancellable, callback=callback)

        gateways = checked(None, complete, start, self.make_gateways_finish)
        for gateway, spec in zip(gateways, specs):
            gateway._spec = spec
        self._get_members()
        return gateways

    def allocate_id(self, spec):
        """Give the XSpec an `id` that is free in this group, unless it has one."""
        checked(None, super().allocate_id, spec)

    def _get_members(self):
        """Return the gateways, also those that have died: they stay until they are told to exit."""
        with _lock:
            members = self._members or []
            alive = [gateway for gateway in self.get_gateways() if gateway not in members]
            self._members = [gateway for gateway in members + alive if not gateway._has_left]
            return self._members

    def __len__(self):
        return len(self._get_members())

    def __iter__(self):
        return iter(self._get_members())

    def __getitem__(self, key):
        members = self._get_members()
        if isinstance(key, int):
            return members[key]
        for gateway in members:
            if key is gateway or key == gateway.id:
                return gateway
        raise KeyError(key)

    def __contains__(self, key):
        try:
            self[key]
        except LookupError:
            return False
        return True

    def __repr__(self):
        return '<Group %r>' % [gateway.id for gateway in self]

    def remote_exec(self, source, **kwargs):
        """Run `source` on all gateways, as `Gateway.remote_exec` does; returns a MultiChannel.

        Raises OSError when a gateway of the group has died: `exit` takes it out.
        """
        return MultiChannel([gateway.remote_exec(source, **kwargs) for gateway in self])

    def map(self, function, items, ordered=True, return_errors=False):
        """Apply `function` to each of `items` with all gateways; returns an iterator of results.

        `function` is a pure function of one argument, as for `Gateway.call`. `items` is any
        iterable, also without end: it is asked for so many that all gateways are busy. Results
        come in the order of the items, or without `ordered` as they are there. When a worker dies
        another one gets its items. What `function` raises is raised here, as a RemoteError, and
        the next result follows; with `return_errors` it comes in place of the result.
        """
        return make_map(self, function, items, ordered, return_errors)

    # Ending

    def terminate(self, timeout=None):
        """Ask all gateways to end, wait at most `timeout` seconds, and end the rest by force.

        With None it waits without end, and forces nothing. They leave the group.
        """
        check_timeout(timeout)
        gateways = self._get_members()
        timeout_ms = -1 if timeout is None else math.ceil(timeout * 1000)
        try:
            checked(None, complete, self.terminate_async, self.terminate_finish, timeout_ms)
        finally:
            for gateway in gateways:
                gateway._has_left = True
                callbacks.finish(gateway)
        with _lock:
            _with_gateways.discard(self)


def _remember(group):
    """Keep `group` for the exit handler, as long as it has gateways."""
    with _lock:
        groups = list(_with_gateways)
    # Counting takes the lock for each.
    empty = [other for other in groups if other is not group and not len(other)]
    with _lock:
        _with_gateways.difference_update(empty)
        _with_gateways.add(group)


def _terminate_all():
    # Before the interpreter is taken down: callbacks get what still comes, and their end markers.
    with _lock:
        groups = list(_with_gateways)
    for group in groups:
        try:
            group.terminate(_EXIT_TIMEOUT)
        except (OSError, GLib.Error):
            # Nobody is left to be told.
            pass
    callbacks.finish_all(_EXIT_TIMEOUT)


def _forget_all():
    # What the parent has made is the parent's to end.
    global _lock
    _lock = threading.Lock()
    _with_gateways.clear()


os.register_at_fork(after_in_child=_forget_all)
atexit.register(_terminate_all)
