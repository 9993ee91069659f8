# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The other side of RSync, which is sent there: it needs nothing but Python, 2.7 or later.

Names travel as bytes. What comes is the destination, whether to delete what isn't in the source,
and the list of what is: (kind, path, mode, size, time of change, target of a link). What goes back
is the list of the files that differ, as pairs of their place in the list and a checksum or None.
Each of them follows in pieces that None ends, or as False when only its time was another.
"""

import hashlib
import os
import shutil
import stat

BLOCK = 1 << 20


def checksum(path):
    """Return the checksum of a file's content."""
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        for block in iter(lambda: file.read(BLOCK), b''):
            digest.update(block)
    return digest.digest()


def remove(path):
    """Remove whatever is there."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.remove(path)


def status_of(path):
    try:
        return os.lstat(path)
    except OSError:
        return None


def place(destination, path):
    return os.path.join(destination, path) if path else destination


def make_folder(path, mode, may_be_link):
    # What is copied stays inside: only the destination itself may be a link to somewhere.
    if not os.path.isdir(path) or os.path.islink(path) and not may_be_link:
        if os.path.lexists(path):
            remove(path)
        os.makedirs(path)
    # Files can be put into it until all is done.
    os.chmod(path, mode | stat.S_IRWXU)


def make_link(path, target):
    if os.path.islink(path) and os.readlink(path) == target:
        return
    if os.path.lexists(path):
        remove(path)
    os.symlink(target, path)


def find_difference(path, size, changed):
    """Return None when the file is the same, or what to ask for: a pair of one or two."""
    status = status_of(path)
    if status is None or not stat.S_ISREG(status.st_mode) or status.st_size != size:
        return (None,)
    return None if int(status.st_mtime) == changed else (checksum(path),)


def receive_file(channel, path, mode, changed):
    piece = channel.receive()
    if piece is not False:
        if os.path.isdir(path) and not os.path.islink(path):
            remove(path)
        # Complete or not at all.
        new = path + b'.execnet-new'
        with open(new, 'wb') as file:
            while piece is not None:
                file.write(piece)
                piece = channel.receive()
        os.rename(new, path)
    os.chmod(path, mode)
    os.utime(path, (changed, changed))


def delete_others(destination, entries):
    known = set(place(destination, entry[1]) for entry in entries)
    for folder, folders, files in os.walk(destination):
        for name in folders[:]:
            path = os.path.join(folder, name)
            if path not in known:
                folders.remove(name)
                remove(path)
        for name in files:
            path = os.path.join(folder, name)
            if path not in known:
                remove(path)


def serve_rsync(channel):
    """Bring the destination into the state that the other side describes."""
    destination, delete, entries = channel.receive()
    parent = os.path.dirname(os.path.abspath(destination))
    if not os.path.isdir(parent):
        os.makedirs(parent)
    wanted = []
    for number, (kind, path, mode, size, changed, target) in enumerate(entries):
        is_top = not path
        path = place(destination, path)
        if kind == 'folder':
            make_folder(path, mode, is_top)
        elif kind == 'link':
            make_link(path, target)
        elif kind == 'inside':
            # To something that was copied, too.
            make_link(path, place(os.path.abspath(destination), target))
        else:
            difference = find_difference(path, size, changed)
            if difference is not None:
                wanted.append((number, difference[0]))
    channel.send(wanted)
    for number, _ in wanted:
        _, path, mode, _, changed, _ = entries[number]
        receive_file(channel, place(destination, path), mode, changed)
        channel.send(number)
    if delete:
        delete_others(destination, entries)
    for kind, path, mode, _, _, _ in reversed(entries):
        if kind == 'folder':
            os.chmod(place(destination, path), mode)


if __name__ == '__channelexec__':
    serve_rsync(channel)  # type: ignore[name-defined] # noqa: F821
