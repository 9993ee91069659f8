# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

from execnet.gateway_base import Channel

BLOCK: int

def checksum(path: str | bytes) -> bytes: ...
def serve_rsync(channel: Channel) -> None: ...
