-- Which features tell two roles apart?
--
--     from compare_roles('pirate', 'ghost') limit 20;
--
-- difference = mean in a - mean in b; standardized_difference = difference / sqrt((sd_a^2 + sd_b^2) / 2),
-- infinite where the feature varies in neither: it counts standard deviations, which the effect of
-- top_features and role_contrasts does not. A feature that never fires in a role has mean, rate and sd 0 there.
-- Ordered by the size of the standardized difference: positive is stronger in a, negative in b. `by` takes
-- another of the orders below.
--
--     from compare_roles('pirate', 'ghost', by := 'firing_rate') limit 20;
create macro compare_roles(a, b, sae := null, "by" := 'standardized_difference') as table
with in_a as (
    select rf.* from role_features as rf
    where rf.sae = chosen_sae(sae) and rf.role = a and (select known_role(a, sae))
),
in_b as (
    select rf.* from role_features as rf
    where rf.sae = chosen_sae(sae) and rf.role = b and (select known_role(b, sae))
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
        sqrt((coalesce(in_a.sd, 0) ** 2 + coalesce(in_b.sd, 0) ** 2) / 2) as sd
    from in_a full join in_b on in_a.feature_id = in_b.feature_id
)
select
    feature_id,
    case
        when mean_a = mean_b then 0
        when sd = 0 then sign(mean_a - mean_b) * 'infinity'::double
        else (mean_a - mean_b) / sd
    end as standardized_difference,
    mean_a - mean_b as difference,
    mean_a,
    mean_b,
    firing_rate_a,
    firing_rate_b,
    max_a,
    max_b
from both_roles
order by
    in_order(
        map {
            'standardized_difference': abs(standardized_difference),
            'difference': abs(difference),
            'firing_rate': abs(firing_rate_a - firing_rate_b)
        },
        "by"
    ) desc,
    abs(difference) desc,
    feature_id;
comment on macro table compare_roles is 'Which features tell two roles apart; standardized_difference is the difference of means in pooled standard deviations';
