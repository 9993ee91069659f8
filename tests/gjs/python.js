// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// A Python with a stock execnet, to compare with.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

const PYTHON = GLib.getenv('EXECNET_TEST_PYTHON') ?? 'python3';
const [FOLDER] = GLib.filename_from_uri(import.meta.url.replace(/[^/]*$/, ''));

/** Runs peer.py; gives the lines of its output. */
export async function peer(args, lines = []) {
    const process = Gio.Subprocess.new([PYTHON, `${FOLDER}/peer.py`, ...args],
        Gio.SubprocessFlags.STDIN_PIPE | Gio.SubprocessFlags.STDOUT_PIPE |
        Gio.SubprocessFlags.STDERR_PIPE);
    const input = lines.map(line => `${line}\n`).join('');
    const [, output, complaint] = await new Promise((resolve, reject) => {
        process.communicate_utf8_async(input, null, (_source, result) => {
            try {
                resolve(process.communicate_utf8_finish(result));
            } catch (error) {
                reject(error);
            }
        });
    });
    if (!process.get_successful())
        throw new Error(`peer.py ${args.join(' ')} failed: ${complaint}`);
    return output.split('\n').slice(0, -1);
}

/** Whether that Python has an execnet at all. */
export function hasExecnet() {
    const process = Gio.Subprocess.new([PYTHON, '-c', 'import execnet'],
        Gio.SubprocessFlags.STDERR_SILENCE);
    return process.wait_check(null);
}

export function toHex(bytes) {
    return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}

export function fromHex(text) {
    return Uint8Array.from(text.match(/../g) ?? [], digits => parseInt(digits, 16));
}
