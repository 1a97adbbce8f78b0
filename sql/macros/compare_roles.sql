-- Which features tell two roles apart, and how surely?
--
--     from compare_roles('pirate', 'ghost') limit 20;
--
-- difference = mean in a - mean in b, with its 95% interval, p of no difference, and q, which is p adjusted for all
-- features of the two that have one (Benjamini-Hochberg). The error treats wordings and questions as random samples: its
-- square is the sum of those of the two means (role_contrasts.mean_error), with the lesser of their degrees of freedom
-- (docs/statistics.md). The four are NULL where fewer than 5 firings are expected in a role, and where the means'
-- errors are not known: roles that share no questions, are left out of comparisons, or were compared by an earlier
-- version; the interval's ends are also NULL where t_of_95 is. standardized_difference = difference / sqrt((sd_a^2 + sd_b^2) / 2), infinite where the feature varies in
-- neither: it counts standard deviations, which the effect of top_features and role_contrasts does not. A feature
-- that never fires in a role has mean, rate and sd 0 there.
-- Ordered by the size of the standardized difference: positive is stronger in a, negative in b. `by` takes another of
-- the orders below; 'p' has the surest first.
--
--     from compare_roles('pirate', 'ghost', by := 'p') limit 20;
create macro compare_roles(a, b, sae := null, "by" := 'standardized_difference') as table
with in_a as (
    select rf.* from role_features as rf
    where rf.sae = chosen_sae(sae) and rf.role = a and (select known_role(a, sae))
),
in_b as (
    select rf.* from role_features as rf
    where rf.sae = chosen_sae(sae) and rf.role = b and (select known_role(b, sae))
),
errors as (
    select
        of_a.feature_id,
        sqrt(of_a.mean_error ** 2 + of_b.mean_error ** 2) as error,
        least(of_a.mean_df, of_b.mean_df) as df
    from role_contrasts as of_a
    join role_contrasts as of_b on of_b.sae = of_a.sae and of_b.feature_id = of_a.feature_id
    where of_a.sae = chosen_sae(sae) and of_a.role = a and of_b.role = b
),
sizes as (
    select max(in_a.n_responses) as n_a, (select max(in_b.n_responses) from in_b) as n_b from in_a
),
both_roles as (
    select
        coalesce(in_a.feature_id, in_b.feature_id) as feature_id,
        coalesce(in_a.mean, 0) as mean_a,
        coalesce(in_b.mean, 0) as mean_b,
        coalesce(in_a.firing_rate, 0) as firing_rate_a,
        coalesce(in_b.firing_rate, 0) as firing_rate_b,
        coalesce(in_a.max, 0) as max_a,
        coalesce(in_b.max, 0) as max_b,
        sqrt((coalesce(in_a.sd, 0) ** 2 + coalesce(in_b.sd, 0) ** 2) / 2) as sd,
        (coalesce(in_a.n_active_responses, 0) + coalesce(in_b.n_active_responses, 0))::bigint as fired
    from in_a full join in_b on in_a.feature_id = in_b.feature_id
),
told as (
    select
        of_two.*,
        of_two.mean_a - of_two.mean_b as difference,
        e.df,
        if(of_two.fired * least(s.n_a, s.n_b) >= 5 * (s.n_a + s.n_b), nullif(e.error, 0), null) as error
    from both_roles as of_two
    cross join sizes as s
    left join errors as e on e.feature_id = of_two.feature_id
),
tested as (
    select t.*, t.error * t_of_95(t.df) as margin, p_of_t(t.difference / t.error, t.df) as p from told as t
),
ranked as (
    select o.*, o.p * count(o.p) over () / row_number() over (order by o.p) as adjusted from tested as o
)
select
    feature_id,
    case
        when difference = 0 then 0
        when sd = 0 then sign(difference) * 'infinity'::double
        else difference / sd
    end as standardized_difference,
    difference,
    difference - margin as difference_low,
    difference + margin as difference_high,
    p,
    if(p is null, null, least(min(adjusted) over (partition by p is null order by p desc), 1)) as q,
    mean_a,
    mean_b,
    firing_rate_a,
    firing_rate_b,
    max_a,
    max_b
from ranked
order by
    case "by"
        when 'standardized_difference' then abs(standardized_difference)
        when 'difference' then abs(difference)
        when 'firing_rate' then abs(firing_rate_a - firing_rate_b)
        when 'p' then -p
        else no_order("by", 'standardized_difference, difference, firing_rate, p')
    end desc nulls last,
    abs(difference) desc,
    feature_id;
comment on macro table compare_roles is 'Which features tell two roles apart, with interval, p and q; standardized_difference is the difference of means in pooled standard deviations';
