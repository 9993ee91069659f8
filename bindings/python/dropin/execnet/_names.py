# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where each of execnet's names comes from, and which are missing.

In a program they come from the library's binding for PyGObject. In code that a gateway runs they
come from the worker around it, which may be any Python since 2.7 and have no PyGObject: these
files are written so that it can import them.
"""

import importlib
import sys

#: What the worker shows itself as, in the interpreters that it runs in.
worker = sys.modules.get('_execnet_worker')

_BINDING = 'gi.repository.Execnet'
_PARTS = 'gi.overrides._execnet_'

_VALUES = ('DataFormatError', 'dump', 'dumps', 'load', 'loads')
_BASE = _VALUES + ('Channel', 'DumpError', 'LoadError', 'RemoteError', 'TimeoutError')

# By module: the names in a program, and what they are called where they come from.
_IN_PROGRAMS = {
    'execnet': dict(
        {name: name for name in _VALUES},
        Group='Group', HostNotFound='HostNotFound', MultiChannel='MultiChannel',
        RemoteError='RemoteError', TimeoutError='TimeoutError', XSpec='XSpec',
        default_group='default_group', makegateway='makegateway',
        set_execmodel='set_execmodel'),
    'execnet.gateway': {'Gateway': 'Gateway', 'RInfo': 'gateway:RInfo',
                        'RemoteStatus': 'gateway:RInfo'},
    'execnet.gateway_base': dict(
        {name: name for name in _BASE},
        BaseGateway='Gateway', ChannelFile='channel_files:ChannelFile',
        ChannelFileRead='channel_files:ChannelFileRead',
        ChannelFileWrite='channel_files:ChannelFileWrite',
        NO_ENDMARKER_WANTED='channel:NO_ENDMARKER_WANTED', get_execmodel='models:ExecModel'),
    'execnet.gateway_bootstrap': {'HostNotFound': 'HostNotFound'},
    'execnet.multi': {'Group': 'Group', 'MultiChannel': 'MultiChannel',
                      'NO_ENDMARKER_WANTED': 'channel:NO_ENDMARKER_WANTED',
                      'default_group': 'default_group', 'makegateway': 'makegateway',
                      'set_execmodel': 'set_execmodel'},
    'execnet.xspec': {'XSpec': 'XSpec'},
}

_WORKER_BASE = {name: name for name in _BASE if name not in ('dump', 'load')}
_IN_WORKERS = {
    'execnet': {name: name for name in ('DataFormatError', 'RemoteError', 'TimeoutError', 'dumps',
                                        'loads')},
    'execnet.gateway_base': dict(
        _WORKER_BASE, BaseGateway='Gateway', WorkerGateway='Gateway',
        ChannelFile='ChannelFile', ChannelFileRead='ChannelFileRead',
        ChannelFileWrite='ChannelFileWrite',
        NO_ENDMARKER_WANTED='NO_ENDMARKER', get_execmodel='get_execution_model'),
}

_LATER = 'execnet-glib has nothing in its place yet'
_INSIDE = "it is a part of execnet's inside, which is another one here"
_OLD = 'execnet has deprecated it since version 1.0; makegateway does what it did'

#: What execnet has and this package lacks, by module, and the reason. A name of the tables above
#: that the library lacks is missing, too.
MISSING = {
    'execnet': {'PopenGateway': _OLD, 'SocketGateway': _OLD, 'SshGateway': _OLD,
                'deprecated': _OLD},
    'execnet.gateway': {'importdir': _INSIDE, 'rinfo_source': _INSIDE},
    'execnet.gateway_base': {name: _INSIDE for name in (
        'COMPLEX_FORMAT', 'COMPLEX_FORMAT_SIZE', 'ChannelFactory', 'DEBUG', 'DUMPFORMAT_VERSION',
        'ENDMARKER', 'EmptySemaphore', 'FLOAT_FORMAT', 'FLOAT_FORMAT_SIZE', 'FOUR_BYTE_INT_MAX',
        'GatewayReceivedTerminate', 'INTERRUPT_TEXT', 'ISPY3', 'Message', 'Popen2IO', 'Reply',
        'SUBPROCESS32', 'Unserializer', 'WorkerGateway', 'WorkerPool', 'bchr', 'dumps_internal',
        'geterrortext', 'init_popen_io', 'loads_internal', 'notrace', 'opcode', 'pid', 'reraise',
        'serve', 'sysex', 'trace')},
    'execnet.gateway_bootstrap': {name: _INSIDE for name in (
        'bootstrap', 'bootstrap_exec', 'bootstrap_import', 'bootstrap_socket',
        'fix_pid_for_jython_popen', 'importdir', 'sendexec')},
    'execnet.gateway_io': {name: _INSIDE for name in (
        'Popen2IOMaster', 'ProxyIO', 'PseudoSpec', 'RIO_CLOSE_WRITE', 'RIO_KILL',
        'RIO_REMOTEADDRESS', 'RIO_WAIT', 'create_io', 'killpid', 'killpopen', 'popen_args',
        'popen_bootstrapline', 'serve_proxy_io', 'shell_split_path', 'ssh_args',
        'vagrant_ssh_args')},
    'execnet.gateway_socket': {name: _INSIDE for name in ('SocketIO', 'create_io', 'start_via')},
    'execnet.multi': {'safe_terminate': _INSIDE},
    'execnet.script.quitserver': 'a client can\'t end the socket server of execnet-glib; a signal does',
    'execnet.script.shell': _LATER,
    'execnet.script.socketserverservice': _LATER,
    'execnet.script.xx': _LATER,
}


def provide(namespace):
    """Put the names of a module into its namespace, and say for the others why they are missing."""
    module = namespace['__name__']
    table = (_IN_PROGRAMS if worker is None else _IN_WORKERS).get(module, {})
    find = _find_in_binding if worker is None else _find_in_worker
    provided = []
    for name, source in table.items():
        try:
            namespace[name] = find(source)
            provided.append(name)
        except (AttributeError, ImportError):
            # The library hasn't got that far, or isn't there at all.
            if name == 'dumps':
                raise
    namespace['__all__'] = sorted(provided)
    namespace['__getattr__'] = lambda name: _miss(module, name)


def refuse(module):
    """Say that a whole module is missing."""
    raise ImportError('There is no %s: %s.' % (module, MISSING[module]))


def _find_in_binding(source):
    part, _, name = source.rpartition(':')
    binding = importlib.import_module(_BINDING)
    return getattr(importlib.import_module(_PARTS + part) if part else binding, name)


def _find_in_worker(name):
    found = getattr(worker, name)
    if getattr(found, '__code__', None) is worker._later('').__code__:
        # Not compiled yet: what stands there until its first use is no class.
        worker._load(name)
        found = getattr(worker, name)
    return found


def _miss(module, name):
    if name.startswith('__'):
        raise AttributeError(name)
    reason = MISSING.get(module, {}).get(name)
    if reason is None and worker is not None and name in _IN_PROGRAMS.get(module, {}):
        reason = 'code that a gateway runs has only what needs no PyGObject'
    elif reason is None and name in _IN_PROGRAMS.get(module, {}):
        reason = _LATER
    raise AttributeError("'%s' has no %r%s" % (module, name, reason and ': ' + reason or ''))
