# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

from collections.abc import Callable
from os import PathLike

class RSync:
    def __init__(
        self,
        sourcedir: str | PathLike[str],
        callback: Callable[..., object] | None = ...,
        verbose: bool = ...,
    ) -> None: ...
