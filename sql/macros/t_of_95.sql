-- By how many standard errors does a 95% interval reach to each side, with so many degrees of freedom?
--
--     select t_of_95(9);
--
-- The 97.5% point of Student's t, within 0.04%: from four degrees of freedom on by the series about that of the normal
-- distribution (Abramowitz and Stegun 26.7.5), below by the inverted series of the incomplete beta function, of which
-- w is the first term. NULL below 0.0085, where it would be beyond 5e151 and no number is left for the series.
create macro t_of_95(df) as case
    when df >= 4 then 1.959964 + 2.372271 / df + 2.822499 / df ** 2 + 2.555852 / df ** 3 + 1.589533 / df ** 4
    when df >= 0.0085 then list_transform(
        list_transform(
            [{'a': df / 2, 'w': (0.05 * sqrt(pi()) * exp(lgamma(df / 2 + 1) - lgamma(df / 2 + 0.5))) ** (2 / df)}],
            lambda of: of.w - of.w ** 2 / (2 * (of.a + 1))
                - of.w ** 3 * (of.a - 1) * (of.a + 1.5) / (4 * (of.a + 1) ** 2 * (of.a + 2))
        ),
        lambda x: sqrt(df * (1 - x) / x)
    )[1]
end;
comment on macro t_of_95 is 'The 97.5% point of Student''s t';
