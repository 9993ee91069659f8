# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
# The first statements of the line that is sent. They must parse on any Python, however old, so that
# it can at least say that it is too old. pack.py puts in the rest of the worker: long strings stand
# alone on their lines, because Python takes longer for what is behind them.
import sys
options = "@OPTIONS@"
early = "@EARLY@"
compiled = "@CODE@"
later = "@LATER@"
try:
    # In a socket server. One that is not ours runs this in its own process, and goes on after it.
    client = clientsock
    own_process = globals().get("own_process")
except NameError:
    client = None
    own_process = True
reason = None
pid = 0
if sys.version_info < (2, 7) or (3,) <= sys.version_info < (3, 4):
    reason = "too-old\n%s is Python %d.%d, and at least 2.7 or 3.4 is needed" % (
        (sys.executable or "The interpreter",) + tuple(sys.version_info[:2]))
elif not own_process:
    import os
    if hasattr(os, "fork"):
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
    else:
        reason = "failed\nThe socket server's Python can't fork, which a worker in it needs"
if reason:
    import os, stat, struct
    reason = reason.encode("utf-8")
    reason = "0".encode("ascii") + struct.pack(">i", len(reason)) + reason
    if client:
        client.sendall(reason)
    else:
        # Where standard output is not a part of the connection, standard input is all of it.
        os.write(1 - stat.S_ISSOCK(os.fstat(0)[0]), reason)
elif pid:
    try:
        os.waitpid(pid, 0)
    except:
        os.kill(pid, 9)
        raise
else:
    import binascii, marshal, os, zlib
    # A module, for code that imports the package execnet and must get what is here.
    sys.modules["_execnet_worker"] = worker = type(os)("execnet")
    worker = worker.__dict__
    worker.update(OPTIONS=options, LATER=later, CLIENT=client)
    magic = getattr(sys.modules.get("_frozen_importlib_external"), "MAGIC_NUMBER", None)
    if magic == binascii.a2b_hex("@MAGIC@") and sys.implementation.cache_tag == "@TAG@":
        # The interpreter that the library was built with, most likely: no need to compile.
        code = marshal.loads(zlib.decompress(binascii.a2b_base64(compiled)))
    else:
        code = compile(zlib.decompress(binascii.a2b_base64(early)), "<execnet worker>", "exec", 0, 1)
    try:
        exec(code, worker)
        if not own_process:
            worker["leave_the_server"]()
        worker["main"]()
    finally:
        if not own_process:
            # Whatever happens, nothing of the server's goes on in its copy.
            os._exit(1)
