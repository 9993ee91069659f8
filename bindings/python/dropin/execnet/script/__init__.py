# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""execnet's programs: the socket server, and others, which say why they are not there."""
