#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lets gateways in over a socket: those of execnet-glib, and those of execnet itself.

    socketserver.py [OPTIONS] [ADDRESS]

One file that needs nothing but Python, from 2.7 on. ADDRESS is HOST:PORT, [IPv6]:PORT, :PORT for all
interfaces, or unix:PATH; without one it is :8888. With the port 0 the system chooses one. The first
line on standard output says where the server listens; everything else goes to standard error.

Whoever gets in can do all that this server's user can. Each client has a process of its own, so that
neither its folder, nor its environment, nor how it ends makes a difference to others.
"""

from __future__ import print_function

import binascii
import errno
import hashlib
import hmac
import os
import select
import signal
import socket
import stat
import struct
import sys
import time

DEFAULT_ADDRESS = ':8888'

#: Bytes of the line of source that a client sends, and of a line of the talk about the token.
LONGEST_LINE = 1 << 20
LONGEST_TALK = 4096
#: Connections that have not sent their line yet. One more, and the oldest of them is dropped.
MOST_WAITING = 200
#: Seconds for a client to take the news that it is refused, and for clients to end with the server.
LEAVING_TIME = 2
ENDING_TIME = 3
#: Characters: what can be guessed is no secret.
SHORTEST_TOKEN = 16

TOKEN_HELLO = b'execnet-token 1 '
NONCE_SIZE = 32
TLS_HANDSHAKE = b'\x16'
#: Bytes that are held in each direction between a TLS connection and its client's process.
CARRIED = 1 << 18

monotonic = getattr(time, 'monotonic', time.time)


class Refusal(Exception):
    """A reason not to start, as a sentence that says what to do."""


class Dropped(Exception):
    """A reason to let a connection go, for the terminal."""
