-- Of each feature in $feature_ids of the SAE $sae: its mean in the responses in which it fired, in $n_bins
-- equal bins. n_pooled: the responses in which it could have.
with fired as (
    select a.feature_id, a.mean::double as mean
    from activations as a
    where a.sae = $sae and list_contains($feature_ids, a.feature_id)
),
ends as (
    select feature_id, min(mean) as low, max(mean) as high, count(*) as n_fired from fired group by feature_id
),
bins as (
    select
        f.feature_id,
        case when e.high = e.low then 0
            else least(floor((f.mean - e.low) / (e.high - e.low) * $n_bins), $n_bins - 1)
        end::integer as bin,
        count(*) as n
    from fired as f join ends as e on e.feature_id = f.feature_id
    group by f.feature_id, bin
),
counted as (
    select feature_id, list(bin order by bin) as bins, list(n order by bin) as counts
    from bins group by feature_id
)
select
    asked.feature_id,
    e.low, e.high, coalesce(e.n_fired, 0) as n_fired,
    (select coalesce(sum(m.n_responses), 0)::bigint from memory.main.measured as m where m.sae = $sae) as n_pooled,
    c.bins, c.counts
from (select unnest($feature_ids::integer[]) as feature_id) as asked
left join ends as e on e.feature_id = asked.feature_id
left join counted as c on c.feature_id = asked.feature_id
order by asked.feature_id;
