# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

from types import ModuleType
from typing import Any, NoReturn

MISSING: dict[str, Any]
worker: ModuleType | None

def provide(namespace: dict[str, Any]) -> None: ...
def refuse(module: str) -> NoReturn: ...
