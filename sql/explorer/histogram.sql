-- The mean of the feature $feature_id of the SAE $sae in the responses in which it fired: in $n_bins equal bins.
with fired as (
    select a.mean::double as mean from activations as a where a.sae = $sae and a.feature_id = $feature_id
),
ends as (
    select min(mean) as low, max(mean) as high, count(*) as n_fired from fired
),
bins as (
    select
        case when e.high = e.low then 0
            else least(floor((f.mean - e.low) / (e.high - e.low) * $n_bins), $n_bins - 1)
        end::integer as bin,
        count(*) as n
    from fired as f, ends as e
    group by bin
)
select
    e.low, e.high, e.n_fired,
    (select coalesce(sum(m.n_responses), 0)::bigint from memory.main.measured as m where m.sae = $sae) as n_pooled,
    (select list(b.bin order by b.bin) from bins as b) as bins,
    (select list(b.n order by b.bin) from bins as b) as counts
from ends as e;
