# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Multi-channels as execnet has them."""

from gi.repository import Gio

from ..module import get_introspection_module
from ..overrides import override
from ._execnet_channel import Channel, NO_ENDMARKER_WANTED
from ._execnet_errors import RemoteError
from ._execnet_green import Queue

Execnet = get_introspection_module('Execnet')


@override
class MultiChannel(Execnet.MultiChannel):
    """Several channels, usually one of each gateway of a group, that are used together.

    It is a sequence of them. Thread: any.
    """

    # The only module from which PyGObject takes a class for one of the library's.
    __module__ = 'gi.overrides.Execnet'

    # Objects that are made in C skip __init__.
    _channels = None
    _queue = None

    def __init__(self, channels):
        """Make one of `channels`, an iterable of Channel."""
        self._channels = list(channels)
        model = Gio.ListStore.new(Channel)
        for channel in self._channels:
            model.append(channel)
        super().__init__(channels=model)

    def _get_list(self):
        if self._channels is None:
            self._channels = self.get_channels()
        return self._channels

    def __len__(self):
        return len(self._get_list())

    def __iter__(self):
        return iter(self._get_list())

    def __getitem__(self, key):
        return self._get_list()[key]

    def __contains__(self, chan):
        return chan in self._get_list()

    def send_each(self, item):
        """Send `item` over each channel, as `Channel.send` does."""
        for channel in self:
            channel.send(item)

    def receive_each(self, withchannel=False):
        """Receive one item from each channel; returns them as a list in the channels' order.

        With `withchannel` it is a list of pairs of channel and item. Raises what
        `Channel.receive` raises for the first channel that fails.
        """
        items = [channel.receive() for channel in self]
        return list(zip(self, items)) if withchannel else items

    def make_receive_queue(self, endmarker=NO_ENDMARKER_WANTED):
        """Return a queue.Queue of pairs of channel and item, of all that arrives.

        With an `endmarker` there is a last pair of each channel with it, also when its gateway
        has died. It is the same queue at each call. Raises OSError when a channel has a callback.
        """
        if self._queue is None:
            items = Queue()
            for channel in self:
                channel.setcallback(_Putter(items, channel), endmarker)
            self._queue = items
        return self._queue

    def waitclose(self):
        """Wait until all channels are closed, and then raise the first error there was, if any.

        Errors are those of `Channel.waitclose`.
        """
        first = None
        for channel in self:
            try:
                channel.waitclose()
            except (RemoteError, EOFError, OSError) as error:
                first = first or error
        try:
            if first is not None:
                raise first
        finally:
            # Its traceback has this frame.
            del first


class _Putter:
    """A callback that puts items into a queue, with their channel."""

    def __init__(self, items, channel):
        self._items = items
        self._channel = channel

    def __call__(self, item):
        self._items.put((self._channel, item))
