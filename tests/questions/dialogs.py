#!/usr/bin/env python3
# SPDX-FileCopyrightText: The execnet-glib authors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An application with GTK: its group asks with GTK's own dialogs, and a hand uses them.

The arguments are the gateway's specification, and what the hand does with each dialog
in turn: type:TEXT types a password and presses Enter, press:N presses the button of the
answer N of a question, close closes the window, cancel cancels the call. Prints what each
dialog said, and what came of it."""

import sys

import gi

gi.require_version('Gtk', '4.0')
from gi.repository import Execnet as execnet  # noqa: E402
from gi.repository import Gio, GLib, Gtk  # noqa: E402


def below(widget):
    """The widget and all that are in it."""
    yield widget
    child = widget.get_first_child()
    while child is not None:
        yield from below(child)
        child = child.get_next_sibling()


def find(window, kind):
    return [widget for widget in below(window) if isinstance(widget, kind) and widget.get_mapped()]


class Application:
    def __init__(self, spec, deeds):
        self.spec = spec
        self.deeds = deeds
        self.loop = GLib.MainLoop()
        self.cancellable = Gio.Cancellable()
        self.status = 1
        self.group = execnet.Group()
        self.parent = Gtk.Window(title='the application')
        self.parent.present()
        self.operation = Gtk.MountOperation(parent=self.parent)
        self.group.props.mount_operation = self.operation
        self.windows = Gtk.Window.get_toplevels()
        self.windows.connect('items-changed', self.on_windows)

    def run(self):
        self.group.make_gateway_async(self.spec, self.cancellable, self.on_made)
        self.loop.run()
        return self.status

    def on_windows(self, windows, position, _removed, added):
        for number in range(position, position + added):
            window = windows.get_item(number)
            if window.get_mapped():
                self.use(window)
            else:
                window.connect('map', self.use)

    def use(self, window):
        """What is in the window is mapped right after it: it is used on the next turn of the loop."""
        source = GLib.idle_source_new()
        source.set_callback(lambda _: self.do(window))
        source.attach(None)

    def do(self, window):
        labels = [label.get_text() for label in find(window, Gtk.Label)]
        print('shown:', repr(labels), flush=True)
        kind, _, value = self.deeds.pop(0).partition(':')
        if kind == 'type':
            entry, = find(window, Gtk.Entry)
            print('hidden:', not entry.get_visibility(), flush=True)
            entry.set_text(value)
            entry.emit('activate')
        elif kind == 'press':
            buttons = {button.get_label(): button for button in find(window, Gtk.Button)}
            buttons[value].emit('clicked')
        elif kind == 'close':
            window.close()
        elif kind == 'cancel':
            self.cancellable.cancel()

    def on_made(self, group, result):
        try:
            gateway = group.make_gateway_finish(result)
        except GLib.Error as error:
            print('failed:', error.domain, error.code, error.message, flush=True)
        else:
            print('up:', gateway.remote_exec('channel.send(1)').receive(60), flush=True)
            self.group.terminate(5)
            self.status = 0
        # A dialog that is not wanted any more goes away on a later turn of the loop.
        self.wait_for_windows()

    def wait_for_windows(self):
        if self.windows.get_n_items() == 1:
            print('left:', self.windows.get_n_items(), 'window', flush=True)
            self.loop.quit()
        else:
            self.windows.connect('items-changed', lambda *_: self.wait_for_windows())


if __name__ == '__main__':
    sys.exit(Application(sys.argv[1], sys.argv[2:]).run())
