# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Notices that a client's machine has vanished without a word."""

#: So many intervals without any answer are the end.
SILENT_INTERVALS = 2
#: From Linux 6.15: the longest time between two tries, in milliseconds.
TCP_RTO_MAX_MS = 44


def set_keepalive(connection, seconds):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not seconds:
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in ((getattr(socket, 'TCP_KEEPIDLE', None), seconds),
                          (getattr(socket, 'TCP_KEEPINTVL', None), max(seconds // 3, 1)),
                          (getattr(socket, 'TCP_KEEPCNT', None), 3),
                          (TCP_RTO_MAX_MS, min(seconds, 120) * 1000)):
        if option is not None:
            attempt(connection.setsockopt, socket.IPPROTO_TCP, option, value)


def is_silent(connection, seconds):
    """Whether the other end answers nothing of what is sent. The system's own keepalive is silent
    while there is something to send, for which it tries for a quarter of an hour."""
    option = getattr(socket, 'TCP_INFO', None)
    try:
        # As Linux has it: eight bytes, then numbers of four.
        info = option and connection.getsockopt(socket.IPPROTO_TCP, option, 104) or b''
        fields = struct.unpack('8B24I', info)
    except (EnvironmentError, struct.error):
        return False
    probes, unacknowledged, last_answer = fields[3], fields[8 + 4], fields[8 + 12]
    return (unacknowledged or probes > 1) and last_answer >= SILENT_INTERVALS * seconds * 1000
