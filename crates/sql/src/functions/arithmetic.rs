//! Numbers: checked integer arithmetic, doubles that raise where PostgreSQL raises, decimals.

use super::call::{
    Answer, Args, Scalar, bigint, division_by_zero, double, int, numeric, smallint, strict,
};
use crate::SqlError;
use crate::value::decimal::Decimal;

pub(super) const FUNCTIONS: &[Scalar] = &[
    strict("hw_smallint_add", 2, |a| {
        smallint(a.integer(0)? + a.integer(1)?)
    }),
    strict("hw_smallint_subtract", 2, |a| {
        smallint(a.integer(0)? - a.integer(1)?)
    }),
    strict("hw_smallint_multiply", 2, |a| {
        smallint(a.integer(0)? * a.integer(1)?)
    }),
    strict("hw_smallint_divide", 2, |a| {
        smallint(a.integer(0)? / divisor(a)?)
    }),
    strict("hw_smallint_negate", 1, |a| smallint(-a.integer(0)?)),
    strict("hw_smallint_abs", 1, |a| smallint(a.integer(0)?.abs())),
    strict("hw_int_add", 2, |a| int(a.integer(0)? + a.integer(1)?)),
    strict("hw_int_subtract", 2, |a| int(a.integer(0)? - a.integer(1)?)),
    strict("hw_int_multiply", 2, |a| int(a.integer(0)? * a.integer(1)?)),
    strict("hw_int_divide", 2, |a| int(a.integer(0)? / divisor(a)?)),
    strict("hw_int_modulo", 2, |a| int(a.integer(0)? % divisor(a)?)),
    strict("hw_int_negate", 1, |a| int(-a.integer(0)?)),
    strict("hw_int_abs", 1, |a| int(a.integer(0)?.abs())),
    strict("hw_bigint_add", 2, |a| {
        bigint(a.integer(0)?.checked_add(a.integer(1)?))
    }),
    strict("hw_bigint_subtract", 2, |a| {
        bigint(a.integer(0)?.checked_sub(a.integer(1)?))
    }),
    strict("hw_bigint_multiply", 2, |a| {
        bigint(a.integer(0)?.checked_mul(a.integer(1)?))
    }),
    strict("hw_bigint_divide", 2, |a| {
        bigint(a.integer(0)?.checked_div(divisor(a)?))
    }),
    strict("hw_bigint_modulo", 2, |a| {
        bigint(Some(a.integer(0)?.wrapping_rem(divisor(a)?)))
    }),
    strict("hw_bigint_negate", 1, |a| {
        bigint(a.integer(0)?.checked_neg())
    }),
    strict("hw_bigint_abs", 1, |a| bigint(a.integer(0)?.checked_abs())),
    strict("hw_double_add", 2, |a| sum(a.double(0)?, a.double(1)?)),
    strict("hw_double_subtract", 2, |a| {
        sum(a.double(0)?, -a.double(1)?)
    }),
    strict("hw_double_multiply", 2, |a| {
        double_product(a.double(0)?, a.double(1)?)
    }),
    strict("hw_double_divide", 2, |a| {
        double_quotient(a.double(0)?, a.double(1)?)
    }),
    strict("hw_double_negate", 1, |a| double(-a.double(0)?)),
    strict("hw_double_abs", 1, |a| double(a.double(0)?.abs())),
    strict("hw_double_ceil", 1, |a| double(a.double(0)?.ceil())),
    strict("hw_double_floor", 1, |a| double(a.double(0)?.floor())),
    strict("hw_double_round", 1, |a| {
        double(a.double(0)?.round_ties_even())
    }),
    strict("hw_double_trunc", 1, |a| double(a.double(0)?.trunc())),
    strict("hw_double_sign", 1, |a| double(sign(a.double(0)?))),
    strict("hw_double_sqrt", 1, |a| square_root(a.double(0)?)),
    strict("hw_double_exp", 1, |a| exponential(a.double(0)?)),
    strict("hw_double_ln", 1, |a| logarithm(a.double(0)?, f64::ln)),
    strict("hw_double_log10", 1, |a| {
        logarithm(a.double(0)?, f64::log10)
    }),
    strict("hw_double_power", 2, |a| power(a.double(0)?, a.double(1)?)),
    strict("hw_numeric_add", 2, |a| {
        numeric(a.decimal(0)?.add(a.decimal(1)?)?)
    }),
    strict("hw_numeric_subtract", 2, |a| {
        numeric(a.decimal(0)?.add(a.decimal(1)?.negated())?)
    }),
    strict("hw_numeric_multiply", 2, |a| {
        numeric(a.decimal(0)?.multiply(a.decimal(1)?)?)
    }),
    strict("hw_numeric_divide", 2, |a| {
        numeric(a.decimal(0)?.divide(a.decimal(1)?)?)
    }),
    strict("hw_numeric_modulo", 2, |a| {
        numeric(a.decimal(0)?.remainder(a.decimal(1)?)?)
    }),
    strict("hw_numeric_negate", 1, |a| numeric(a.decimal(0)?.negated())),
    strict("hw_numeric_abs", 1, |a| numeric(a.decimal(0)?.abs())),
    strict("hw_numeric_sign", 1, |a| {
        numeric(Decimal::new(a.decimal(0)?.sign(), 0)?)
    }),
    strict("hw_numeric_ceil", 1, |a| numeric(a.decimal(0)?.ceiling()?)),
    strict("hw_numeric_floor", 1, |a| numeric(a.decimal(0)?.floor()?)),
    strict("hw_numeric_round", 1, |a| numeric(a.decimal(0)?.round(0)?)),
    strict("hw_numeric_round", 2, |a| {
        numeric(a.decimal(0)?.round(a.integer(1)?)?)
    }),
    strict("hw_numeric_trunc", 1, |a| {
        numeric(a.decimal(0)?.truncate(0)?)
    }),
    strict("hw_numeric_trunc", 2, |a| {
        numeric(a.decimal(0)?.truncate(a.integer(1)?)?)
    }),
    strict("hw_int_shift_left", 2, |a| {
        int(i64::from(
            (a.integer(0)? as i32).wrapping_shl(a.integer(1)? as u32),
        ))
    }),
    strict("hw_int_shift_right", 2, |a| {
        int(i64::from(
            (a.integer(0)? as i32).wrapping_shr(a.integer(1)? as u32),
        ))
    }),
    strict("hw_bigint_shift_left", 2, |a| {
        bigint(Some(a.integer(0)?.wrapping_shl(a.integer(1)? as u32)))
    }),
    strict("hw_bigint_shift_right", 2, |a| {
        bigint(Some(a.integer(0)?.wrapping_shr(a.integer(1)? as u32)))
    }),
    strict("hw_bit_xor", 2, |a| {
        bigint(Some(a.integer(0)? ^ a.integer(1)?))
    }),
];

fn divisor(args: &Args<'_, '_>) -> Result<i64, SqlError> {
    match args.integer(1)? {
        0 => Err(division_by_zero()),
        other => Ok(other),
    }
}

fn range(what: &str) -> SqlError {
    SqlError::new("22003", format!("value out of range: {what}"))
}

pub(super) fn sum(left: f64, right: f64) -> Answer {
    let result = left + right;
    if result.is_infinite() && left.is_finite() && right.is_finite() {
        return Err(range("overflow"));
    }
    double(result)
}

fn double_product(left: f64, right: f64) -> Answer {
    let result = left * right;
    if result.is_infinite() && left.is_finite() && right.is_finite() {
        return Err(range("overflow"));
    }
    if result == 0.0 && left != 0.0 && right != 0.0 {
        return Err(range("underflow"));
    }
    double(result)
}

pub(super) fn double_quotient(left: f64, right: f64) -> Answer {
    if right == 0.0 {
        return Err(division_by_zero());
    }
    let result = left / right;
    if result.is_infinite() && left.is_finite() {
        return Err(range("overflow"));
    }
    if result == 0.0 && left != 0.0 && right.is_finite() {
        return Err(range("underflow"));
    }
    double(result)
}

/// Unlike Rust's, zero for zero.
fn sign(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value.signum() }
}

fn square_root(value: f64) -> Answer {
    if value < 0.0 {
        return Err(SqlError::new(
            "2201F",
            "cannot take square root of a negative number",
        ));
    }
    double(value.sqrt())
}

fn exponential(value: f64) -> Answer {
    let result = value.exp();
    if result.is_infinite() && value.is_finite() {
        return Err(range("overflow"));
    }
    if result == 0.0 && value.is_finite() {
        return Err(range("underflow"));
    }
    double(result)
}

fn logarithm(value: f64, of: fn(f64) -> f64) -> Answer {
    if value == 0.0 {
        return Err(SqlError::new("2201E", "cannot take logarithm of zero"));
    }
    if value < 0.0 {
        return Err(SqlError::new(
            "2201E",
            "cannot take logarithm of a negative number",
        ));
    }
    double(of(value))
}

fn power(base: f64, exponent: f64) -> Answer {
    if base == 0.0 && exponent < 0.0 {
        return Err(SqlError::new(
            "2201F",
            "zero raised to a negative power is undefined",
        ));
    }
    if base < 0.0 && exponent.is_finite() && exponent.fract() != 0.0 {
        let message = "a negative number raised to a non-integer power yields a complex result";
        return Err(SqlError::new("2201F", message));
    }
    let result = base.powf(exponent);
    if base.is_finite() && exponent.is_finite() {
        if result.is_infinite() {
            return Err(range("overflow"));
        }
        if result == 0.0 && base != 0.0 {
            return Err(range("underflow"));
        }
    }
    double(result)
}
