-- How likely is a value of Student's t as far from 0 by chance, on either side?
--
--     select p_of_t(2.26, 9);
--
-- Within 0.001% of p, for any degrees of freedom above 0; NULL of others. It is the incomplete beta function
-- I_x(df / 2, 1 / 2) of x = df / (df + t^2). The first two terms of its series leave the same function of df + 4, which
-- a normal score (Hill 1970, Communications of the ACM 13) and the error function (a rational approximation within
-- 1.2e-7) give.
create macro p_of_t(t, df) as list_transform(
    list_transform(
        list_transform(
            [if(df > 0, {'a': df / 2, 'x': df / (df + t ** 2), 'rest': t ** 2 / (df + t ** 2)}, null)],
            lambda of: {
                'first': exp(lgamma(of.a + 0.5) - lgamma(of.a + 1)) / sqrt(pi())
                    * of.x ** of.a * sqrt(of.rest) * (1 + of.x * (of.a + 0.5) / (of.a + 1)),
                'y': (2 * of.a + 3.5) * -ln(of.x),
                'b': 48 * (2 * of.a + 3.5) ** 2
            }
        ),
        lambda of: {
            'first': of.first,
            'square': of.y * (
                1 + (
                    of.y + 3
                    - (0.4 * of.y ** 3 + 3.3 * of.y ** 2 + 24 * of.y + 85.5) / (0.8 * of.y ** 2 + 100 + of.b)
                ) / of.b
            ) ** 2
        }
    ),
    lambda of: of.first + list_transform(
        [1 / (1 + sqrt(of.square / 8))],
        lambda u: u * exp(
            -1.26551226 - of.square / 2
            + u * (1.00002368 + u * (0.37409196 + u * (0.09678418 + u * (-0.18628806 + u * (
                0.27886807 + u * (-1.13520398 + u * (1.48851587 + u * (-0.82215223 + u * 0.17087277)))
            )))))
        )
    )[1]
)[1];
comment on macro p_of_t is 'Two-sided p of Student''s t';
