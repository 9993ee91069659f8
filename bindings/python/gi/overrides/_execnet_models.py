# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Execution models, as groups name them."""


class ExecModel:
    """An execution model; `backend` is its name."""

    def __init__(self, backend):
        self.backend = backend

    def __repr__(self):
        return '<ExecModel %r>' % self.backend

    def __eq__(self, other):
        return isinstance(other, ExecModel) and other.backend == self.backend

    def __hash__(self):
        return hash(self.backend)
