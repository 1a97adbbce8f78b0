-- Which features fire in nearly every answer, whatever the role? They say little about any of them.
select
    feature_id,
    min(firing_rate) as lowest_firing_rate,
    avg(mean) as mean_over_roles,
    stddev_pop(mean) / avg(mean) as variation_over_roles
from role_features
where sae = chosen_sae(null)
group by feature_id
having min(firing_rate) >= 0.99
    and count(*) = (
        select count(*) from lake_files where table_name = 'role_features' and sae = chosen_sae(null)
    )
order by mean_over_roles desc, feature_id;
