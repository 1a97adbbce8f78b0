-- Which pairs of features write nearly the opposite, and in which roles does each fire most?
select
    g.feature_id,
    g.opposed_id,
    g.opposed_cosine,
    f.preferred_role,
    o.preferred_role as opposed_role,
    f.firing_rate,
    o.firing_rate as opposed_firing_rate
from feature_geometry as g
join features as f on f.sae = g.sae and f.feature_id = g.feature_id
join features as o on o.sae = g.sae and o.feature_id = g.opposed_id
where g.sae = chosen_sae(null) and g.feature_id < g.opposed_id and f.alive and o.alive
order by g.opposed_cosine, g.feature_id
limit 20;
