-- A role's features over its responses ($activations, $pooled: the role's files), as the table role_features.
--
-- The denominator is every pooled response, also those in which the feature did not fire: their zeros are
-- put into the standard deviation by the law of total variance, so that nothing large is subtracted from
-- something equally large. share is the part of the responses in which it fired.
with counted as (
    select count(*) as n_responses
    from read_parquet($pooled)
    where excluded_reason is null
),
fired as (
    select
        feature_id,
        count(*) as n_active_responses,
        avg(mean::double) as mean_where_fired,
        var_pop(mean::double) as variance_where_fired,
        max(max) as max
    from read_parquet($activations)
    group by feature_id
),
shares as (
    select *, n_active_responses / n_responses as share from fired, counted
)
select
    feature_id,
    n_responses::integer as n_responses,
    n_active_responses::integer as n_active_responses,
    share as firing_rate,
    share * mean_where_fired as mean,
    max,
    sqrt(share * variance_where_fired + share * (1 - share) * mean_where_fired ** 2) as sd
from shares
order by feature_id;
