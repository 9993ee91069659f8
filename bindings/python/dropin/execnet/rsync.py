# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Copying a folder to where gateways are, or only what has changed of it."""

import os
import stat

from execnet import rsync_remote


class RSync(object):
    """Copies a folder, or a file, to one or several gateways.

    Symbolic links are copied as links; one that leads into the source by an absolute path leads
    into the copy. Thread: one at a time.
    """

    def __init__(self, sourcedir, callback=None, verbose=True):
        """Prepare the copying of `sourcedir`, a path.

        `callback` is called with ('list', bytes to send, channel) when that is known for a target,
        and with ('ack', size, channel) for each file that has arrived there. With `verbose` each
        file that is sent is shown.
        """
        self._sourcedir = str(sourcedir)
        self._callback = callback
        self._verbose = verbose
        self._targets = []

    def filter(self, path):
        """Tell whether to copy what is at `path`; one that derives from this may say no."""
        return True

    def add_target(self, gateway, destdir, finishedcallback=None, **options):
        """Add the path `destdir` where `gateway` is; `finishedcallback` is called at its end.

        With the option `delete` what is there and not in the source is removed.
        """
        for name in options:
            if name != 'delete':
                raise TypeError('unknown option %r: only delete is there' % name)
        self._targets.append((gateway, destdir, finishedcallback, bool(options.get('delete'))))

    def send(self, raises=True):
        """Copy to all targets, and forget them. Without targets that is an OSError if `raises`."""
        targets, self._targets = self._targets, []
        if not targets and raises:
            raise OSError('there is no target: add_target adds one, for one call of send')
        entries = self._list_entries()
        channels = []
        for gateway, destination, _, delete in targets:
            channel = gateway.remote_exec(rsync_remote)
            channel.send((os.fsencode(destination), delete, entries))
            channels.append(channel)
        for channel, (gateway, _, finished, _) in zip(channels, targets):
            self._serve(channel, gateway, entries)
            if finished is not None:
                finished()

    def _report_send_file(self, gateway, modified_rel_path):
        if self._verbose:
            print('%s <= %s' % (gateway, modified_rel_path))

    # What there is

    def _list_entries(self):
        entries = []
        self._add_entries(entries, '')
        return entries

    def _add_entries(self, entries, path):
        here = self._place(path)
        status = os.lstat(here)
        name = os.fsencode(path)
        mode = stat.S_IMODE(status.st_mode)
        if stat.S_ISLNK(status.st_mode) and path:
            entries.append(self._describe_link(here, name))
        elif os.path.isdir(here):
            entries.append(('folder', name, mode if path else os.stat(here).st_mode & 0o7777,
                            0, 0, None))
            for child in sorted(os.listdir(here)):
                if self.filter(os.path.join(here, child)):
                    self._add_entries(entries, os.path.join(path, child))
        elif os.path.isfile(here):
            status = os.stat(here)
            entries.append(('file', name, stat.S_IMODE(status.st_mode), status.st_size,
                            int(status.st_mtime), None))

    def _place(self, path):
        return os.path.join(self._sourcedir, path) if path else self._sourcedir

    def _describe_link(self, here, name):
        target = os.readlink(here)
        source = os.path.abspath(self._sourcedir)
        if os.path.isabs(target) and (target + os.sep).startswith(source + os.sep):
            inside = os.path.relpath(target, source)
            return ('inside', name, 0, 0, 0, os.fsencode('' if inside == '.' else inside))
        return ('link', name, 0, 0, 0, os.fsencode(target))

    # Sending it

    def _serve(self, channel, gateway, entries):
        wanted = channel.receive()
        self._notify('list', sum(entries[number][3] for number, _ in wanted), channel)
        for number, there in wanted:
            path = os.fsdecode(entries[number][1])
            self._send_file(channel, gateway, path, there)
            self._notify('ack', entries[channel.receive()][3], channel)
        channel.waitclose()

    def _send_file(self, channel, gateway, path, there):
        here = self._place(path)
        if there is not None and rsync_remote.checksum(here) == there:
            channel.send(False)
            return
        self._report_send_file(gateway, path)
        with open(here, 'rb') as file:
            for piece in iter(lambda: file.read(rsync_remote.BLOCK), b''):
                channel.send(piece)
        channel.send(None)

    def _notify(self, message, size, channel):
        if self._callback is not None:
            self._callback(message, size, channel)
