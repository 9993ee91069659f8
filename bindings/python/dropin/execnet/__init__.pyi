# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

from execnet.gateway_base import (
    DataFormatError as DataFormatError,
    RemoteError as RemoteError,
    TimeoutError as TimeoutError,
    dump as dump,
    dumps as dumps,
    load as load,
    loads as loads,
)
from execnet.gateway_bootstrap import HostNotFound as HostNotFound
from execnet.multi import (
    Group as Group,
    MultiChannel as MultiChannel,
    default_group as default_group,
    makegateway as makegateway,
    set_execmodel as set_execmodel,
)
from execnet.rsync import RSync as RSync
from execnet.xspec import XSpec as XSpec

__version__: str
