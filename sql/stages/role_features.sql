-- A role's features over its responses ($activations, $pooled: the role's files), as the table role_features.
--
-- The denominator is every pooled response, also those in which the feature did not fire: their zeros are put
-- into the standard deviation by the law of total variance. The variance where it fired comes from the sum of
-- squares, in the same pass as all else. For steady features, whose values differ by less than about 1e-5 of
-- their size, that would subtract two almost equal numbers: theirs comes from the deviations, in a second pass,
-- which costs nothing where no feature is steady.
with counted as (
    select count(*) as n_responses
    from read_parquet($pooled)
    where excluded_reason is null
),
fired as (
    select
        feature_id,
        count(*) as n_fired,
        sum(mean::double) as total,
        sum(mean::double * mean) as squares,
        max(max) as max
    from read_parquet($activations)
    group by feature_id
),
varied as (
    select *, total / n_fired as centre, squares / n_fired - (total / n_fired) * (total / n_fired) as variance
    from fired
),
steady as (
    select feature_id, centre from varied where n_fired > 1 and variance < 1e-10 * centre ** 2
),
measured as (
    select s.feature_id, avg((a.mean - s.centre) ** 2) as variance
    from read_parquet($activations) as a join steady as s on s.feature_id = a.feature_id
    group by s.feature_id
),
shares as (
    select v.*, counted.n_responses, v.n_fired / counted.n_responses as share, m.variance as measured_variance
    from varied as v left join measured as m on m.feature_id = v.feature_id, counted
)
select
    feature_id,
    n_responses::integer as n_responses,
    n_fired::integer as n_active_responses,
    share as firing_rate,
    share * centre as mean,
    max,
    sqrt(share * coalesce(measured_variance, variance) + share * (1 - share) * centre ** 2) as sd
from shares
order by feature_id;
