//! Logarithm and exponential made of additions and multiplications only.
//!
//! Those of the system's library differ in their last bit from one machine to
//! the next; a model made of them would not be the same bytes everywhere.

/// Returns e to the power of `x`, within a few units in the last place.
pub(super) fn exp(x: f64) -> f64 {
    let x = x.clamp(-700.0, 700.0);
    // e^x = (e^(x / 1024))^1024, and the series of so small a number ends soon.
    let small = x / 1024.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    for step in 1..12 {
        term *= small / f64::from(step);
        sum += term;
    }
    for _ in 0..10 {
        sum *= sum;
    }
    sum
}

/// Returns the natural logarithm of a positive number.
pub(super) fn ln(x: f64) -> f64 {
    let (mut mantissa, mut exponent) = (x, 0.0);
    while mantissa > 1.5 {
        mantissa /= 2.0;
        exponent += 1.0;
    }
    while mantissa < 0.75 {
        mantissa *= 2.0;
        exponent -= 1.0;
    }
    // ln m = 2 artanh((m − 1) / (m + 1)).
    let ratio = (mantissa - 1.0) / (mantissa + 1.0);
    let square = ratio * ratio;
    let (mut power, mut sum) = (ratio, 0.0);
    for step in 0..20 {
        sum += power / f64::from(2 * step + 1);
        power *= square;
    }
    exponent * std::f64::consts::LN_2 + 2.0 * sum
}

/// Returns the probability of which `x` are the log-odds.
pub(super) fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + exp(-x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_agree_with_the_library() {
        for x in [-30.0, -2.5, -0.1, 0.0, 0.3, 1.0, 9.7, 40.0] {
            assert!((exp(x) / f64::exp(x) - 1.0).abs() < 1e-11, "{x}");
        }
        for x in [1e-6, 0.2, 0.75, 1.0, 1.5, 3.0, 789.0, 1e6] {
            assert!((ln(x) - f64::ln(x)).abs() < 1e-12, "{x}");
        }
        assert!((sigmoid(0.0) - 0.5).abs() < 1e-15);
    }
}
