// SPDX-FileCopyrightText: The execnet-glib authors
// SPDX-License-Identifier: LGPL-2.1-or-later

// The Python values that JavaScript has no type of its own for. All of them are members of the
// namespace: `new Execnet.Tuple(1, 2)`.

/* exported Tuple, FrozenSet, Float, Complex */

/**
 * A Python tuple: `new Execnet.Tuple('a', 1)`, or `Execnet.Tuple.from(iterable)`.
 *
 * It is an Array in every way, but what is made from one (`map`, `slice`, …) is a plain Array,
 * which is sent as a list.
 */
var Tuple = class Tuple extends Array {
    /** @param {...*} items - the members; unlike with Array, a single number is a member too */
    constructor(...items) {
        super();
        for (const item of items)
            this.push(item);
    }

    static get [Symbol.species]() {
        return Array;
    }
};

/** A Python frozenset. A plain Set is sent as a set. */
var FrozenSet = class FrozenSet extends Set {
};

/**
 * A number that is sent as a Python float, also where it is integral: `new Execnet.Float(1)` is
 * 1.0 for Python, and `1` is an int. Floats arrive as plain numbers.
 */
var Float = class Float {
    /** @param {number} value - the number */
    constructor(value) {
        this.value = Number(value);
        Object.freeze(this);
    }

    valueOf() {
        return this.value;
    }

    toString() {
        return String(this.value);
    }
};

/** A Python complex number. */
var Complex = class Complex {
    /**
     * @param {number} real - the real part
     * @param {number} imag - the imaginary part
     */
    constructor(real, imag) {
        this.real = Number(real);
        this.imag = Number(imag);
        Object.freeze(this);
    }

    toString() {
        const sign = this.imag < 0 || Object.is(this.imag, -0) ? '' : '+';
        return `(${this.real}${sign}${Object.is(this.imag, -0) ? '-0' : this.imag}j)`;
    }
};
