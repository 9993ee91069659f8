// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

/* exported RemoteError, fail, matches, _, vprintf */

// The library binds this domain to the folder of its translations.
var _ = imports.gettext.domain('execnet-glib').gettext;
var {vprintf} = imports.format;

/**
 * Remote code raised an exception, or the other side closed the channel with an error.
 *
 * Everything else that goes wrong is a GLib.Error: `error.matches(Execnet.Error,
 * Execnet.Error.TIMED_OUT)`.
 */
var RemoteError = class RemoteError extends Error {
    /**
     * @param {string} message - what the exception says
     * @param {string} type - the name of its type, as `ValueError`; empty when it is a text that
     *   the other side closed the channel with
     * @param {string} traceback - the remote traceback, or the whole text
     */
    constructor(message, type = '', traceback = message) {
        super(message);
        this.type = type;
        this.traceback = traceback;
        // Shown with an error that nobody catches.
        this.stack = `${this.stack}### Remote traceback: ###\n${traceback}`;
    }

    get name() {
        return 'RemoteError';
    }

    toString() {
        return [this.name, this.type, this.message].filter(part => part !== '').join(': ');
    }
};

/**
 * Throws a GLib.Error of the library's domain.
 *
 * @param {string} code - the name of a member of Execnet.Error
 * @param {string} message - a translated sentence
 */
function fail(code, message) {
    const {Error: ExecnetError} = imports.gi.Execnet;
    throw new ExecnetError({code: ExecnetError[code], message});
}

/**
 * @param {*} error - anything that was thrown
 * @param {string} code - the name of a member of Execnet.Error
 * @returns {boolean} whether it is that error
 */
function matches(error, code) {
    const {Error: ExecnetError} = imports.gi.Execnet;
    return error instanceof ExecnetError && error.code === ExecnetError[code];
}
