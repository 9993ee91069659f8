# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

from collections.abc import Callable
from os import PathLike

from execnet.gateway import Gateway

class RSync:
    def __init__(
        self,
        sourcedir: str | PathLike[str],
        callback: Callable[..., object] | None = ...,
        verbose: bool = ...,
    ) -> None: ...
    def filter(self, path: str) -> bool: ...
    def add_target(
        self,
        gateway: Gateway,
        destdir: str | PathLike[str],
        finishedcallback: Callable[[], object] | None = ...,
        **options: bool,
    ) -> None: ...
    def send(self, raises: bool = ...) -> None: ...
    def _report_send_file(self, gateway: Gateway, modified_rel_path: str) -> None: ...
