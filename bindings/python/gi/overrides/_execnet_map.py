# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""A function that the gateways of a group apply to many items."""

from gi.repository import GLib

from ..module import get_introspection_module
from ..overrides import override
from ._execnet_errors import checked, from_glib, from_remote
from ._execnet_items import DumpError, dump_sent, load_received
from ._execnet_source import source_to_call
from ._execnet_wait import wait

Execnet = get_introspection_module('Execnet')


@override
class Map(Execnet.Map):
    """The results of a function for many items, as an iterator; see `Group.map`.

    Its properties `n_items`, `n_done` and `n_failed` tell how far it is. Thread: one at a time.
    """

    # The only module from which PyGObject takes a class for one of the library's.
    __module__ = 'gi.overrides.Execnet'

    # Objects that are made in C skip __init__.
    _items = iter(())
    _returns_errors = False

    def __iter__(self):
        return self

    def __next__(self):
        """Wait for the next result and return it.

        Raises the error of its item: RemoteError when the function raised an exception, OSError
        when workers died of it, or no gateway is left, DumpError when it can't be sent. The next
        call goes on behind it.
        """
        try:
            self._push_wanted()
            if wait(self.wait) == Execnet.WaitResult.END:
                raise StopIteration
            return self._take()
        except (KeyboardInterrupt, SystemExit):
            self.cancel()
            raise

    def _push_wanted(self):
        """Push so many items that all gateways are busy, and no more."""
        for _ in range(self.get_n_wanted()):
            try:
                item = next(self._items)
            except StopIteration:
                self.finish()
                return
            except BaseException:
                # What the items raise ends it all.
                self.cancel()
                raise
            try:
                self.push_bytes(dump_sent(item))
            except DumpError as error:
                self.push_error(GLib.Error.new_literal(
                    Execnet.error_quark(), str(error), Execnet.Error.UNSUPPORTED_TYPE))

    def _take(self):
        data, _, channel = checked(None, self.next_bytes, 0, None)
        try:
            if data is not None:
                return load_received(data, channel.get_load_flags(), channel.gateway)
            remote = channel and channel.get_remote_error()
            raise from_remote(remote) if remote else from_glib(self.dup_failure())
        except Exception as error:
            if self._returns_errors:
                return error
            raise


def make_map(group, function, items, ordered, return_errors):
    """Return the Map of `Group.map`."""
    map = Execnet.Map.new(group, source_to_call(function), ordered)
    map._items = iter(items)
    map._returns_errors = return_errors
    return map
